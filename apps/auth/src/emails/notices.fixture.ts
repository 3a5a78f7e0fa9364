import { AccountLetter, type EmailPurpose } from '@taskwire/contracts';
import { openDatabase } from '../database.js';
import type { RunningAuth } from '../service.fixture.js';

/** What the owner of an address was told so far, as notification would have it to send; links are left out. */
export async function noticesTo(auth: RunningAuth, address: string): Promise<EmailPurpose[]> {
  const { client, close } = openDatabase(auth.env['DATABASE_URL'] ?? '');
  const where = { address, purpose: { not: 'password_reset' } };
  const emails = await client.accountEmail.findMany({ where, orderBy: { createdAt: 'asc' } });
  await close();
  const purposes: EmailPurpose[] = [];
  for (const { id } of emails) {
    await auth.event('auth.email.requested.v1', ({ emailId }) => emailId === id);
    const { body } = await auth.internal('POST', `/internal/account-emails/${id}/letter`);
    const letter = AccountLetter.parse(body);
    if (letter.address !== address || letter.token !== null)
      throw new Error(`${letter.purpose} is no notice`);
    purposes.push(letter.purpose);
  }
  return purposes;
}
