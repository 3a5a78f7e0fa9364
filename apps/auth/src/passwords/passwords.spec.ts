import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openDatabase } from '../database.js';
import { password, requestsTo } from '../requests.fixture.js';
import { type RunningAuth, startAuth } from '../service.fixture.js';
import { PasswordHasher } from './password-hasher.js';

let auth: RunningAuth;
let database: ReturnType<typeof openDatabase>;
beforeAll(async () => {
  auth = await startAuth({ RATE_LIMIT_LOGIN_ADDRESS: '1000' });
  database = openDatabase(auth.env.DATABASE_URL ?? '');
});
afterAll(async () => {
  await database.close();
  await auth.close();
});
const { registered, login } = requestsTo(() => auth);

describe('a password', () => {
  const register = (secret: string, name = 'Ada') =>
    auth.call('POST', '/v1/auth/register', { email: `${randomUUID()}@example.com`, password: secret, name });

  it.each([
    'seven77',
    'x'.repeat(129),
    '🔑'.repeat(7),
    '🔑'.repeat(129),
    'half of a \ud83d',
    'baseball',
    'Lady Lovelace 1815',
  ])('is refused, and not repeated: %s', async (secret) => {
    const answer = await register(secret, 'Lady Lovelace');
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '/password' }] } });
    expect(JSON.stringify(answer.body)).not.toContain(secret);
  });

  it.each([
    ['  spaces count  ', 'spaces count'],
    ['CaSe counts too', 'case counts too'],
    ['e\u0301 of two signs', '\u00e9 of two signs'],
    ['🔑'.repeat(128), '🔑'.repeat(127)],
  ])('is taken exactly as it is: %s', async (secret, similar) => {
    const { status, body } = await register(secret);
    expect(status).toBe(201);
    expect((await login(body.user.email, secret)).status).toBe(200);
    expect((await login(body.user.email, similar)).status).toBe(401);
  });

  it('that was hashed at a lower cost is hashed anew at the next login, and stays the same', async () => {
    const { user } = await registered();
    const cheap = await new PasswordHasher({ memoryCost: 9_728, timeCost: 2, parallelism: 1 }).hash(password);
    const where = { id: user.id };
    const hashOf = async () => (await database.client.account.findUniqueOrThrow({ where })).passwordHash;
    await database.client.account.update({ where, data: { passwordHash: cheap } });
    expect((await login(user.email, 'a wrong password')).status).toBe(401);
    expect(await hashOf()).toBe(cheap);

    expect((await login(user.email)).status).toBe(200);
    const renewed = await hashOf();
    expect(renewed).toContain('$m=19456,t=2,p=1$');
    expect((await login(user.email)).status).toBe(200);
    expect(await hashOf()).toBe(renewed);
  });
});

describe('who asks whether somebody has an account', () => {
  it('learns nothing from a login: the same answer after the same work', async () => {
    const { user } = await registered();
    const hashing = jest.spyOn(PasswordHasher.prototype as unknown as { run: () => unknown }, 'run');
    const attempt = async (email: string) => {
      hashing.mockClear();
      const { status, headers, body } = await login(email, 'a wrong password');
      const { traceId: _, ...problem } = body;
      return { status, headers: [...headers.keys()].sort(), problem, hashes: hashing.mock.calls.length };
    };
    const known = await attempt(user.email);
    const unknown = await attempt(`${randomUUID()}@example.com`);
    hashing.mockRestore();

    expect(known).toMatchObject({ status: 401, hashes: 1 });
    expect(unknown).toEqual(known);
  });
});
