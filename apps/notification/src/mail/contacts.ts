import { AccountLetter, Contact } from '@taskwire/contracts';
import type { ServiceClients } from '@taskwire/service';
import type { FindContact, FindLetter } from './deliver-email.js';

const DEADLINE_MS = 5_000;

/** Asks auth for name and address when an email is sent: they are stored nowhere else, and never on the bus. */
export function contactsOf(services: ServiceClients): FindContact {
  return async (userId) => {
    const { status, body } = await services.get('auth').request({
      method: 'GET',
      path: `/internal/users/${userId}/contact`,
      internal: true,
      deadlineMs: DEADLINE_MS,
    });
    if (status === 404) return null;
    if (status !== 200) throw new Error(`auth answered ${status} when asked for a contact`);
    return Contact.parse(body);
  };
}

/** Asks auth for an email of its own: each time with a new token, which is stored nowhere. */
export function lettersOf(services: ServiceClients): FindLetter {
  return async (emailId) => {
    const { status, body } = await services.get('auth').request({
      method: 'POST',
      path: `/internal/account-emails/${emailId}/letter`,
      internal: true,
      deadlineMs: DEADLINE_MS,
    });
    if (status === 404) return null;
    if (status !== 200) throw new Error(`auth answered ${status} when asked for an email`);
    return AccountLetter.parse(body);
  };
}
