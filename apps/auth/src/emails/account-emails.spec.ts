import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AccountLetter, type EmailPurpose } from '@taskwire/contracts';
import { openDatabase } from '../database.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { bearer, password, requestsTo } from '../requests.fixture.js';
import { type RunningAuth, startAuth } from '../service.fixture.js';
import { MOST_ATTEMPTS, MOST_IN_AN_HOUR } from './account-email.js';

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
const { login, refresh } = requestsTo(() => auth);
const post = (path: string, body: unknown, token?: string) =>
  auth.call('POST', path, body, token === undefined ? {} : bearer(token));
const newAddress = () => `${randomUUID()}@example.com`;

const register = (email: string, secret = password) =>
  post('/v1/auth/register', { email, password: secret, name: 'Ada', timeZone: 'Europe/London' });
const confirm = (token: string | null, secret = password) =>
  post('/v1/auth/register/confirm', { token, password: secret });

/** The newest email to an address, as notification would have it to send. */
async function letterTo(address: string, purpose: EmailPurpose): Promise<AccountLetter> {
  const { id } = await database.client.accountEmail.findFirstOrThrow({
    where: { address, purpose },
    orderBy: { createdAt: 'desc' },
  });
  await auth.event('auth.email.requested.v1', ({ emailId }) => emailId === id);
  const { status, body } = await auth.internal('POST', `/internal/account-emails/${id}/letter`);
  expect(status).toBe(200);
  return AccountLetter.parse(body);
}

async function registered(email = newAddress()) {
  await register(email);
  const { token } = await letterTo(email, 'registration');
  const { status, body } = await confirm(token);
  expect(status).toBe(201);
  return { email, ...body };
}

const emailsTo = (address: string) => database.client.accountEmail.count({ where: { address } });

describe('a registration that has to be confirmed', () => {
  it('is an account when the mailed link and the password come together', async () => {
    const email = newAddress();
    expect(await register(email)).toMatchObject({ status: 202, body: null });
    expect((await login(email)).status).toBe(401);

    const { token } = await letterTo(email, 'registration');
    const { status, body } = await confirm(token);
    expect(status).toBe(201);
    expect(body.user).toMatchObject({ email, name: 'Ada', timeZone: 'Europe/London', locale: 'en-GB' });
    await auth.event('auth.user.registered.v1', ({ userId }) => userId === body.user.id);
    expect((await auth.call('GET', '/v1/auth/me', undefined, bearer(body.accessToken))).status).toBe(200);
    expect((await login(email)).status).toBe(200);
  });

  it('cannot be confirmed a second time', async () => {
    const email = newAddress();
    await register(email);
    const { token } = await letterTo(email, 'registration');
    const answers = await Promise.all([confirm(token), confirm(token)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400]);
    expect(await confirm(token)).toMatchObject({ status: 400, body: { code: 'invalid_link' } });
  });

  it('belongs to who reads the mail and knows the password: not to who registered with a foreign address', async () => {
    const victim = newAddress();
    await register(victim, 'the password of a stranger');
    const ofStranger = await letterTo(victim, 'registration');
    await register(victim);
    const own = await letterTo(victim, 'registration');

    expect(await confirm(ofStranger.token)).toMatchObject({ body: { code: 'invalid_credentials' } });
    expect((await confirm(own.token)).status).toBe(201);
    expect(await confirm(ofStranger.token, 'the password of a stranger')).toMatchObject({ status: 400 });
    expect((await login(victim, 'the password of a stranger')).status).toBe(401);
  });

  it('ends after some wrong passwords', async () => {
    const email = newAddress();
    await register(email);
    const { token } = await letterTo(email, 'registration');
    for (let wrong = 0; wrong < MOST_ATTEMPTS; wrong += 1) {
      expect((await confirm(token, 'a wrong password')).body.code).toBe('invalid_credentials');
    }
    expect((await confirm(token)).body.code).toBe('invalid_link');
  });

  it('works by each copy of its email, and keeps none of their tokens', async () => {
    const email = newAddress();
    await register(email);
    const first = await letterTo(email, 'registration');
    const second = await letterTo(email, 'registration');
    expect(first.token).not.toBe(second.token);
    const stored = JSON.stringify(await database.client.accountEmailToken.findMany());
    expect(stored).not.toContain(first.token);
    expect((await confirm(first.token)).status).toBe(201);
    expect((await confirm(second.token)).status).toBe(400);
  });
});

describe('who asks for an account that is not theirs', () => {
  const work = async (ask: () => Promise<Awaited<ReturnType<typeof post>>>) => {
    const hashing = jest.spyOn(PasswordHasher.prototype as unknown as { run: () => unknown }, 'run');
    try {
      const { status, headers, body } = await ask();
      const { traceId: _, ...problem } = body ?? {};
      return { status, problem, headers: [...headers.keys()].sort(), hashes: hashing.mock.calls.length };
    } finally {
      hashing.mockRestore();
    }
  };

  it.each([
    ['register', 1, (email: string) => register(email)],
    ['login', 1, (email: string) => login(email, 'a wrong password')],
    ['reset', 0, (email: string) => post('/v1/auth/password-resets', { email })],
  ] as const)('learns nothing from %s: the same answer after the same work', async (_, hashes, ask) => {
    const { email: known } = await registered();
    const unknown = newAddress();
    const toKnown = await work(() => ask(known));
    expect(await work(() => ask(unknown))).toEqual(toKnown);
    expect(toKnown.hashes).toBe(hashes);
  });

  it('is told of to the owner', async () => {
    const { email, user } = await registered();
    expect((await register(email, 'another password')).status).toBe(202);
    expect(await letterTo(email, 'registered')).toMatchObject({ address: email, token: null });
    expect((await login(email)).body.user.id).toBe(user.id);
  });

  it('makes no email for nobody', async () => {
    const email = newAddress();
    await post('/v1/auth/password-resets', { email });
    const { id } = await database.client.accountEmail.findFirstOrThrow({ where: { address: email } });
    expect((await auth.internal('POST', `/internal/account-emails/${id}/letter`)).status).toBe(404);
  });

  it('fills no mailbox', async () => {
    const email = newAddress();
    for (let times = 0; times < MOST_IN_AN_HOUR + 3; times += 1) {
      expect((await post('/v1/auth/password-resets', { email })).status).toBe(202);
    }
    expect(await emailsTo(email)).toBe(MOST_IN_AN_HOUR);
  });

  it('keeps no email from the owner who asks for another', async () => {
    const { email } = await registered();
    for (let times = 0; times < MOST_IN_AN_HOUR; times += 1) await register(email);
    await post('/v1/auth/password-resets', { email });
    const { token } = await letterTo(email, 'password_reset');

    expect(token).toEqual(expect.any(String));
  });
});

describe('a forgotten password', () => {
  const reset = (token: string | null, newPassword: string) =>
    post('/v1/auth/password-resets/confirm', { token, newPassword });

  it('is replaced by who reads the mail, and every session ends', async () => {
    const { email, refreshToken } = await registered();
    await post('/v1/auth/password-resets', { email });
    const { token } = await letterTo(email, 'password_reset');
    expect(await reset(token, '12345678')).toMatchObject({ body: { code: 'validation_failed' } });
    expect((await reset(token, 'a password that is new')).status).toBe(204);

    expect((await refresh(refreshToken)).status).toBe(401);
    expect((await login(email)).status).toBe(401);
    const { status, body } = await login(email, 'a password that is new');
    expect(status).toBe(200);
    await auth.event('auth.password.changed.v1', ({ userId }) => userId === body.user.id);
    expect((await reset(token, 'a password that is newer')).body.code).toBe('invalid_link');
  });

  it('is replaced once: all other links that were mailed for it end', async () => {
    const { email } = await registered();
    await post('/v1/auth/password-resets', { email });
    const first = await letterTo(email, 'password_reset');
    await post('/v1/auth/password-resets', { email });
    const second = await letterTo(email, 'password_reset');
    expect((await reset(second.token, 'a password that is new')).status).toBe(204);
    expect((await reset(first.token, 'a password that is newer')).body.code).toBe('invalid_link');
  });

  it('is not replaced by a token of another kind, or one that is past its time', async () => {
    const email = newAddress();
    await register(email);
    const { token: ofRegistration } = await letterTo(email, 'registration');
    expect((await reset(ofRegistration, 'a password that is new')).body.code).toBe('invalid_link');

    const { email: known } = await registered();
    await post('/v1/auth/password-resets', { email: known });
    const { token } = await letterTo(known, 'password_reset');
    await database.client.accountEmail.updateMany({
      where: { address: known },
      data: { expiresAt: new Date(Date.now() - 1_000) },
    });
    expect((await reset(token, 'a password that is new')).body.code).toBe('invalid_link');
  });
});

describe('a change of email', () => {
  const change = (accessToken: string, newEmail: string, secret = password) =>
    post('/v1/auth/me/email', { newEmail, password: secret }, accessToken);
  const confirmEmail = (token: string | null) => post('/v1/auth/email/confirm', { token });

  it('counts when both addresses have confirmed it, in any order', async () => {
    const { email, user, accessToken } = await registered();
    const newEmail = newAddress();
    expect((await change(accessToken, newEmail)).status).toBe(202);
    const [from, to] = [
      await letterTo(email, 'email_change_from'),
      await letterTo(newEmail, 'email_change_to'),
    ];
    expect(from.newEmail).toBe(newEmail);
    expect((await confirmEmail(to.token)).body).toEqual({ changed: false });
    expect((await login(email)).status).toBe(200);

    expect((await confirmEmail(from.token)).body).toEqual({ changed: true });
    expect((await login(newEmail)).body.user).toMatchObject({ id: user.id, email: newEmail, version: 2 });
    expect((await login(email)).status).toBe(401);
    await auth.event('auth.user.updated.v1', ({ userId }) => userId === user.id);
  });

  it('needs the password', async () => {
    const { accessToken } = await registered();
    expect(await change(accessToken, newAddress(), 'a wrong password')).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/password' }] },
    });
  });

  it('to an address that has an account is told to its owner alone', async () => {
    const [ann, bob] = [await registered(), await registered()];
    expect((await change(ann.accessToken, bob.email)).status).toBe(202);
    expect(await letterTo(bob.email, 'email_taken')).toMatchObject({ token: null });
    const { token } = await letterTo(ann.email, 'email_change_from');
    expect((await confirmEmail(token)).body).toEqual({ changed: false });
    expect((await login(ann.email)).body.user.id).toBe(ann.user.id);
  });

  it('ends what was mailed to the old address', async () => {
    const { email, accessToken } = await registered();
    await post('/v1/auth/password-resets', { email });
    const reset = await letterTo(email, 'password_reset');
    const newEmail = newAddress();
    await change(accessToken, newEmail);
    await confirmEmail((await letterTo(email, 'email_change_from')).token);
    await confirmEmail((await letterTo(newEmail, 'email_change_to')).token);
    const answer = await post('/v1/auth/password-resets/confirm', {
      token: reset.token,
      newPassword: 'a password that is new',
    });
    expect(answer.body.code).toBe('invalid_link');
  });
});

describe('an account that is deleted', () => {
  it('goes with all that auth stores of it, and says so to the others, twice', async () => {
    const { email, user, accessToken, refreshToken } = await registered();
    await post('/v1/auth/password-resets', { email });
    await register(email);
    const remove = (secret: string) => post('/v1/auth/me/deletion', { password: secret }, accessToken);
    expect((await remove('a wrong password')).status).toBe(400);
    expect((await remove(password)).status).toBe(204);

    await auth.event('auth.user.deleted.v1', ({ userId }) => userId === user.id);
    expect((await login(email)).status).toBe(401);
    expect((await refresh(refreshToken)).status).toBe(401);
    expect(await emailsTo(email)).toBe(0);
    expect(await database.client.registration.count({ where: { email } })).toBe(0);
    const where = { accountId: user.id };
    expect(await database.client.auditKey.count({ where })).toBe(0);
    expect(await database.client.session.count({ where })).toBe(0);
    expect(await database.client.scheduledMessage.findMany({ where: { key: user.id } })).toMatchObject([
      { type: 'auth.user.deleted.v1' },
    ]);
    expect((await register(email)).status).toBe(202);
    expect(await letterTo(email, 'registration')).toMatchObject({ address: email });
  });
});
