import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AccountLetter } from '@taskwire/contracts';
import { openDatabase } from '../database.js';
import { password } from '../requests.fixture.js';
import { type RunningAuth, startAuth } from '../service.fixture.js';

let auth: RunningAuth;
let database: ReturnType<typeof openDatabase>;
beforeAll(async () => {
  auth = await startAuth({ REGISTRATION: 'verified', RATE_LIMIT_LOGIN_ADDRESS: '1000' });
  database = openDatabase(auth.env.DATABASE_URL ?? '');
});
afterAll(async () => {
  await database.close();
  await auth.close();
});

const register = (email: string) => auth.call('POST', '/v1/auth/register', { email, password, name: 'Ada' });

/** The address of a new account. */
async function registered(): Promise<string> {
  const email = `${randomUUID()}@example.com`;
  await register(email);
  const { id } = await database.client.accountEmail.findFirstOrThrow({ where: { address: email } });
  const letter = await auth.internal('POST', `/internal/account-emails/${id}/letter`);
  const { token } = AccountLetter.parse(letter.body);
  expect((await auth.call('POST', '/v1/auth/register/confirm', { token, password })).status).toBe(201);
  return email;
}

it('leaves as many rows behind when registering, whether there is an account or not', async () => {
  const known = await registered();
  const { account, accountEmail, registration } = database.client;
  const count = async () => [await account.count(), await accountEmail.count(), await registration.count()];
  const rowsBy = async (ask: () => Promise<unknown>) => {
    const before = await count();
    await ask();
    return (await count()).map((after, index) => after - (before[index] ?? 0));
  };
  const toKnown = await rowsBy(() => register(known));

  expect(await rowsBy(() => register(`${randomUUID()}@example.com`))).toEqual(toKnown);
  expect(toKnown).toEqual([0, 1, 1]);
});
