import { expect } from '@jest/globals';
import { Client as Database } from 'pg';
import { until } from './until.js';
import { PERSONAL, type Secret, type Use } from './use-credentials.js';

/** With the tokens that were mailed, but for that of a registration, which is open here. */
export async function useMailedTokens(
  mailbox: string,
  asUser: Use,
  use: Use,
  { email, newPassword }: { email: string; newPassword: string },
  secrets: Secret[],
): Promise<void> {
  const mailed = async (subject: string) => {
    const token = await mailedToken(mailbox, subject);
    secrets.push({ what: 'a mailed token', value: token });
    return token;
  };
  const nobodys = { token: 'a token that nobody has', password: newPassword };
  await use('POST', '/v1/auth/register/confirm', { body: nobodys });
  // With a wrong password, so that what was stored stays to be looked through.
  await asUser('POST', '/v1/auth/me/deletion', { body: { password: 'a wrong password' } });
  const newEmail = `${PERSONAL}-2@example.org`;
  await asUser('POST', '/v1/auth/me/email', { body: { newEmail, password: newPassword } });
  const token = await mailed('Confirm your new email address');
  const confirmed = await use('POST', '/v1/auth/email/confirm', { body: { token } });
  await use('POST', '/v1/auth/password-resets', { body: { email } });
  const lastPassword = 'the last password that nobody else has';
  secrets.push({ what: 'the last password', value: lastPassword });
  const reset = await use('POST', '/v1/auth/password-resets/confirm', {
    body: { token: await mailed('Set a new password'), newPassword: lastPassword },
  });
  expect([confirmed.status, reset.status]).toEqual([200, 204]);
}

async function mailedToken(mailbox: string, subject: string): Promise<string> {
  const database = new Database({ connectionString: mailbox });
  await database.connect();
  try {
    const sql = 'select text from mailbox_messages where subject = $1 order by position desc limit 1';
    const newest = async () =>
      /#token=(\S+)/.exec((await database.query<{ text: string }>(sql, [subject])).rows[0]?.text ?? '');
    return (await until(`an email "${subject}"`, newest, (found) => found !== null))?.[1] ?? '';
  } finally {
    await database.end();
  }
}
