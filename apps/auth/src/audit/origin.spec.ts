import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AccountLetter, AuditPage, RecoveryCodes } from '@taskwire/contracts';
import { SoftwareAuthenticator } from '@taskwire/testing';
import { openDatabase } from '../database.js';
import { PASSKEYS, passkeysOf } from '../passkeys/passkeys.fixture.js';
import { bearer, password, requestsTo } from '../requests.fixture.js';
import { factorsOf, ME } from '../second-factors/second-factors.fixture.js';
import { type RunningAuth, startAuth } from '../service.fixture.js';

const ADDRESS = '203.0.113.7';

let auth: RunningAuth;
/** As a gateway asks it, for a client at ADDRESS. */
let forwarded: RunningAuth;
let database: ReturnType<typeof openDatabase>;
beforeAll(async () => {
  auth = await startAuth({ RATE_LIMIT_LOGIN_ADDRESS: '1000', RATE_LIMIT_LOGIN_ACCOUNT: '1000' });
  const gateway = { 'x-internal-token': String(auth.env.INTERNAL_TOKEN), 'x-forwarded-for': ADDRESS };
  forwarded = {
    ...auth,
    call: (method, path, body, headers) => auth.call(method, path, body, { ...headers, ...gateway }),
  };
  database = openDatabase(auth.env.DATABASE_URL ?? '');
});
afterAll(async () => {
  await database.close();
  await auth.close();
});
const { post, enrolled } = factorsOf(() => forwarded);
const passkeys = passkeysOf(() => forwarded);

const originsOf = async (userId: string) => {
  const { body } = await auth.internal('GET', `/internal/audit?subject=${userId}`);
  return AuditPage.parse(body).entries.map(({ action, origin }) => [action, origin?.address]);
};

it('tells of each change by an owner where it came from', async () => {
  const { user, accessToken, recovery, more } = await enrolled();
  await post('/v1/auth/api-tokens', { name: 'Script', scopes: ['tasks:read'], code: recovery }, accessToken);
  const renewed = await post(`${ME}/recovery-codes`, { code: more[0] }, accessToken);
  const [code = '', another = '', third = ''] = RecoveryCodes.parse(renewed.body).recoveryCodes;
  const device = new SoftwareAuthenticator();
  await passkeys.add(accessToken, device, code);
  await post(`${ME}/disable`, { code: another }, accessToken);
  const { id } = await database.client.passkey.findFirstOrThrow({ where: { accountId: user.id } });
  await post(`${PASSKEYS}/${id}/remove`, { code: third }, accessToken);
  const change = { currentPassword: password, newPassword: 'another horse, another battery' };
  await forwarded.call('PUT', '/v1/auth/me/password', change, bearer(accessToken));

  const entries = await originsOf(user.id);
  expect(entries.map(([action]) => action)).toEqual([
    ...['account.registered', 'session.started', 'second_factor.enabled'],
    ...['recovery_code.used', 'api_token.created', 'recovery_code.used', 'recovery_codes.renewed'],
    ...['recovery_code.used', 'passkey.added', 'recovery_code.used', 'second_factor.disabled'],
    ...['recovery_code.used', 'passkey.removed', 'password.changed'],
  ]);
  expect(entries.filter(([, address]) => address !== ADDRESS)).toEqual([]);
});

it('tells of a change of email where it was asked for, and where it was confirmed', async () => {
  const { user, accessToken } = await requestsTo(() => forwarded).registered();
  await post('/v1/auth/me/email', { newEmail: `${randomUUID()}@example.com`, password }, accessToken);
  const emails = await database.client.accountEmail.findMany({ where: { accountId: user.id } });
  for (const { id } of emails) {
    const letter = await auth.internal('POST', `/internal/account-emails/${id}/letter`);
    await post('/v1/auth/email/confirm', { token: AccountLetter.parse(letter.body).token });
  }

  expect((await originsOf(user.id)).slice(2)).toEqual([
    ['email.change_requested', ADDRESS],
    ['email.changed', ADDRESS],
  ]);
});
