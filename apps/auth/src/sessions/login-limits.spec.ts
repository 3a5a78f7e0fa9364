import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SignedIn } from '@taskwire/contracts';
import { password, requestsTo } from '../requests.fixture.js';
import { type RunningAuth, startAuth } from '../service.fixture.js';

const EXEMPT = 'the token of load tests';

let auth: RunningAuth;
beforeAll(async () => {
  auth = await startAuth({ RATE_LIMIT_EXEMPT_TOKEN: EXEMPT });
});
afterAll(() => auth.close());

const someone = () => `${randomUUID()}@example.com`;
const { logout } = requestsTo(() => auth);
async function registeredFrom(address: string): Promise<SignedIn> {
  const body = { email: someone(), password, name: 'Ada' };
  return (await auth.internal('POST', '/v1/auth/register', body, { 'x-forwarded-for': address })).body;
}
const login = (address: string, email = someone(), headers = {}, secret = 'a guess') =>
  auth.internal(
    'POST',
    '/v1/auth/login',
    { email, password: secret },
    { 'x-forwarded-for': address, ...headers },
  );
const statuses = async (attempts: Promise<{ status: number }>[]) =>
  (await Promise.all(attempts)).map(({ status }) => status).sort();
const times = <T>(count: number, value: T): T[] => Array<T>(count).fill(value);

describe('guessing passwords', () => {
  it('is limited to 20 logins a minute from an address', async () => {
    const attempts = times(25, null).map(() => login('192.0.2.1'));
    expect(await statuses(attempts)).toEqual([...times(20, 401), ...times(5, 429)]);

    const refused = await login('192.0.2.1');
    expect(refused.body).toMatchObject({ code: 'rate_limited', status: 429 });
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect((await login('192.0.2.2')).status).toBe(401);
  });

  it('is limited to 10 logins a minute to an account, from however many addresses', async () => {
    const email = someone();
    const attempts = times(12, null).map((_, n) =>
      login(`198.51.100.${n}`, n % 2 ? email : email.toUpperCase()),
    );
    expect(await statuses(attempts)).toEqual([...times(10, 401), 429, 429]);
    expect((await login('198.51.100.99')).status).toBe(401);
  });

  it('from an address over its limit does not lock the account for others', async () => {
    const email = someone();
    await Promise.all(times(20, null).map(() => login('203.0.113.1')));
    expect(await statuses(times(15, null).map(() => login('203.0.113.1', email)))).toEqual(times(15, 429));
    expect((await login('203.0.113.2', email)).status).toBe(401);
  });

  it('by strangers keeps nobody out who comes from where the account was used before', async () => {
    const { user, refreshToken } = await registeredFrom('192.0.2.40');
    await registeredFrom('192.0.2.41');
    await logout(refreshToken);
    const strangers = times(15, null).map((_, n) => login(`198.51.100.${100 + n}`, user.email));
    expect(await statuses(strangers)).toEqual([...times(10, 401), ...times(5, 429)]);

    const from = (address: string) => login(address, user.email, {}, password);
    expect((await from('192.0.2.40')).status).toBe(200);
    expect((await from('192.0.2.41')).status).toBe(429);
    const guesses = times(12, null).map(() => login('192.0.2.40', user.email));
    expect(await statuses(guesses)).toEqual([...times(9, 401), ...times(3, 429)]);
  });

  it('of an account that there is not is limited alike', async () => {
    const email = someone();
    const strangers = times(15, null).map((_, n) => login(`198.51.100.${200 + n}`, email));
    expect(await statuses(strangers)).toEqual([...times(10, 401), ...times(5, 429)]);
  });

  it('by registering is limited alike, which hashes passwords too', async () => {
    const body = { email: someone(), password, name: 'Ada' };
    const register = () =>
      auth.internal('POST', '/v1/auth/register', body, { 'x-forwarded-for': '192.0.2.50' });
    expect((await register()).status).toBe(201);
    expect(await statuses(times(24, null).map(register))).toEqual([...times(19, 409), ...times(5, 429)]);
  });

  it('is not hidden by an address that the client made up', async () => {
    const attempts = times(25, null).map((_, n) =>
      auth.call(
        'POST',
        '/v1/auth/login',
        { email: someone(), password: 'a guess' },
        { 'x-forwarded-for': `10.0.0.${n}` },
      ),
    );
    expect(await statuses(attempts)).toEqual([...times(20, 401), ...times(5, 429)]);
  });

  it('is not what a load test does, with the token for it', async () => {
    const attempts = times(25, null).map(() =>
      login('203.0.113.9', someone(), { 'x-rate-limit-exempt': EXEMPT }),
    );
    expect(await statuses(attempts)).toEqual(times(25, 401));
  });
});
