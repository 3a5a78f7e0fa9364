import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UpdateProfile } from '@taskwire/contracts';
import { decodeProtectedHeader } from 'jose';
import { bearer, password, requestsTo } from './requests.fixture.js';
import { type RunningAuth, startAuth } from './service.fixture.js';

let auth: RunningAuth;
beforeAll(async () => {
  auth = await startAuth({ RATE_LIMIT_LOGIN_ADDRESS: '1000' });
});
afterAll(() => auth.close());

const { registered, login, refresh, logout, ended, claimsOf } = requestsTo(() => auth);

describe('registering', () => {
  it('makes an account and signs in', async () => {
    const email = `Ada.${randomUUID()}@Example.com`;
    const answer = await auth.call('POST', '/v1/auth/register', { email, password, name: 'Ada' });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toEqual({
      user: {
        id: expect.any(String),
        email: email.toLowerCase(),
        name: 'Ada',
        timeZone: 'UTC',
        locale: 'en-GB',
        avatarUrl: null,
        roles: ['user'],
        version: 1,
        createdAt: expect.any(String),
      },
      accessToken: expect.any(String),
      refreshToken: expect.stringMatching(/^[\w-]{43}$/),
      expiresIn: 600,
    });
  });

  it('signs an access token of ten minutes that the published keys verify', async () => {
    const { user, accessToken } = await registered();
    const claims = await claimsOf(accessToken);
    expect(claims).toMatchObject({ sub: user.id, roles: ['user'] });
    expect(claims.exp - claims.iat).toBe(600);
    expect(decodeProtectedHeader(accessToken)).toMatchObject({ typ: 'at+jwt', alg: 'EdDSA' });
  });

  it('is told to everybody, without the address', async () => {
    const { user, accessToken } = await registered();
    const { sid } = await claimsOf(accessToken);
    const event = await auth.event('auth.user.registered.v1', (payload) => payload['userId'] === user.id);
    expect(event).toEqual({ userId: user.id, timeZone: 'Europe/London', at: user.createdAt });
    await auth.event('auth.session.started.v1', (payload) => payload['sessionId'] === sid);
  });

  it('with an address that has an account is refused, in any spelling', async () => {
    const { user } = await registered();
    const body = { email: user.email.toUpperCase(), password, name: 'Eve' };
    expect(await auth.call('POST', '/v1/auth/register', body)).toMatchObject({
      status: 409,
      body: { code: 'email_taken' },
    });
  });

  it('makes one account when many ask for one address at the same moment', async () => {
    const body = { email: `${randomUUID()}@example.com`, password, name: 'Ada' };
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => auth.call('POST', '/v1/auth/register', body)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
  });

  it('says what is wrong with a body', async () => {
    const answer = await auth.call('POST', '/v1/auth/register', {
      email: 'nobody',
      password: 'short',
      role: 'admin',
    });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    const pointers = answer.body.errors?.map(({ pointer }) => pointer);
    expect(pointers?.sort()).toEqual(['/email', '/name', '/password', '/role']);
    expect(JSON.stringify(answer.body)).not.toContain('short');
  });
});

describe('logging in', () => {
  it('starts a session of its own', async () => {
    const { user, accessToken } = await registered();
    const answer = await login(` ${user.email.toUpperCase()} `);
    expect(answer.status).toBe(200);
    expect(answer.body.user).toEqual(user);
    const [first, second] = [await claimsOf(accessToken), await claimsOf(answer.body.accessToken)];
    expect(second.sid).not.toBe(first.sid);
  });

  it.each([
    ['a wrong password', (email: string) => login(email, 'wrong password')],
    ['an unknown address', () => login(`${randomUUID()}@example.com`)],
    ['what is no address', () => login('nobody')],
  ])('with %s is refused in the same words', async (_, attempt) => {
    const { user } = await registered();
    const { status, body } = await attempt(user.email);
    const { traceId: _trace, ...problem } = body;
    expect({ status, problem }).toEqual({
      status: 401,
      problem: {
        type: '/docs/errors/invalid_credentials',
        title: 'Email or password is wrong',
        status: 401,
        code: 'invalid_credentials',
      },
    });
  });
});

describe('refreshing', () => {
  it('exchanges a token for a new pair of the same session', async () => {
    const { accessToken, refreshToken } = await registered();
    const answer = await refresh(refreshToken);
    expect(answer).toMatchObject({ status: 200, body: { expiresIn: 600 } });
    expect(answer.body.refreshToken).not.toBe(refreshToken);
    const [before, after] = [await claimsOf(accessToken), await claimsOf(answer.body.accessToken)];
    expect(after.sid).toBe(before.sid);
    expect(after.jti).not.toBe(before.jti);
  });

  it('works for more sessions at once than there are connections to the database', async () => {
    const sessions = await Promise.all(Array.from({ length: 30 }, () => registered()));
    const answers = await Promise.all(sessions.map(({ refreshToken }) => refresh(refreshToken)));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  });

  it('with a token that never was is refused', async () => {
    expect(await refresh('x'.repeat(43))).toMatchObject({
      status: 401,
      body: { code: 'invalid_refresh_token' },
    });
  });
});

describe('logging out', () => {
  it('ends the session: its tokens are refused, and everybody is told', async () => {
    const { accessToken, refreshToken } = await registered();
    const { sid } = await claimsOf(accessToken);
    const { body: before } = await auth.internal('GET', '/internal/revocations');

    expect((await logout(refreshToken)).status).toBe(204);
    expect((await refresh(refreshToken)).status).toBe(401);
    await ended(sid);
    const { body: after } = await auth.internal('GET', `/internal/revocations?after=${before.position}`);
    expect(after).toMatchObject({ position: before.position + 1, sessions: [{ sessionId: sid }] });
    expect(await auth.call('GET', '/v1/auth/me', undefined, bearer(accessToken))).toMatchObject({
      status: 401,
    });
  });

  it('answers the same for a token that is unknown', async () => {
    expect((await logout('x'.repeat(43))).status).toBe(204);
  });
});

describe('the profile', () => {
  it('is its owner’s to read', async () => {
    const { user, accessToken } = await registered();
    const answer = await auth.call('GET', '/v1/auth/me', undefined, bearer(accessToken));
    expect(answer).toMatchObject({ status: 200, body: user });
    expect(answer.headers.get('etag')).toBe('"1"');
    expect((await auth.call('GET', '/v1/auth/me')).status).toBe(401);
  });

  it('is changed by a command, once for each version', async () => {
    const { user, accessToken } = await registered();
    const request = (version: number | null, name: string, actor = user.id) =>
      auth.bus.request(
        UpdateProfile,
        { userId: user.id, version, changes: { name } },
        {
          id: randomUUID(),
          identity: { actor, roles: ['user'], session: null },
          firstSentAt: new Date(),
          deadline: new Date(Date.now() + 60_000),
        },
      );
    const done = { status: 'done', reply: { userId: user.id, version: 2 } };
    expect(await request(1, 'Countess')).toMatchObject(done);
    expect(await request(1, 'Lady')).toMatchObject({
      status: 'rejected',
      problem: { code: 'version_conflict', detail: 'the current version is 2' },
    });
    expect(await request(null, 'Countess')).toMatchObject(done);
    expect(await request(null, 'Eve', randomUUID())).toMatchObject({ problem: { code: 'forbidden' } });

    const event = await auth.event('auth.user.updated.v1', (payload) => payload['userId'] === user.id);
    expect(event).toEqual({ userId: user.id, version: 2, timeZone: 'Europe/London', roles: ['user'] });
    const { body } = await auth.call('GET', '/v1/auth/me', undefined, bearer(accessToken));
    expect(body).toMatchObject({ name: 'Countess', version: 2 });
  });
});

describe('what other services ask', () => {
  it('is the address of an account', async () => {
    const { user } = await registered();
    expect(await auth.internal('GET', `/internal/users/${user.id}/contact`)).toMatchObject({
      status: 200,
      body: { userId: user.id, email: user.email, name: 'Ada', timeZone: 'Europe/London' },
    });
    expect((await auth.internal('GET', `/internal/users/${randomUUID()}/contact`)).status).toBe(404);
    expect((await auth.internal('GET', '/internal/users/nobody/contact')).status).toBe(404);
  });

  it('and an operator: a role, which the next tokens have', async () => {
    const { user, refreshToken } = await registered();
    const grant = (email: string, role: string) =>
      auth.internal('POST', '/internal/users/roles', { email, role });
    expect(await grant(user.email.toUpperCase(), 'admin')).toMatchObject({
      status: 200,
      body: { userId: user.id, roles: ['user', 'admin'] },
    });
    expect((await grant(user.email, 'admin')).status).toBe(200);
    expect((await grant('nobody@example.com', 'admin')).status).toBe(404);
    expect((await grant(user.email, 'root')).status).toBe(400);

    const { body } = await refresh(refreshToken);
    expect((await claimsOf(body.accessToken)).roles).toEqual(['user', 'admin']);
    const event = await auth.event('auth.user.updated.v1', (payload) => payload['userId'] === user.id);
    expect(event).toMatchObject({ version: 2, roles: ['user', 'admin'] });
  });

  it.each([
    ['GET', '/internal/revocations'],
    ['GET', '/internal/users/0198c000-0000-7000-8000-000000000001/contact'],
    ['POST', '/internal/users/roles'],
  ])('is answered to them only: %s %s', async (method, path) => {
    const { accessToken } = await registered();
    const body = method === 'POST' ? { email: 'a@b.c', role: 'admin' } : undefined;
    expect((await auth.call(method, path, body)).status).toBe(401);
    expect((await auth.call(method, path, body, bearer(accessToken))).status).toBe(401);
  });
});
