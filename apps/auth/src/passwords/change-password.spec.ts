import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bearer, password, requestsTo } from '../requests.fixture.js';
import { type RunningAuth, startAuth } from '../service.fixture.js';

let auth: RunningAuth;
beforeAll(async () => {
  auth = await startAuth({ RATE_LIMIT_LOGIN_ADDRESS: '1000' });
});
afterAll(() => auth.close());
const { registered, login, refresh, ended, claimsOf } = requestsTo(() => auth);

const newPassword = 'another horse, another battery';
const change = (accessToken: string, body: object = { currentPassword: password, newPassword }) =>
  auth.call('PUT', '/v1/auth/me/password', body, bearer(accessToken));

describe('changing the password', () => {
  it('takes the new one from then on, and ends all other sessions', async () => {
    const { user, accessToken, refreshToken } = await registered();
    const other = (await login(user.email)).body;
    expect((await change(accessToken)).status).toBe(204);

    expect((await login(user.email, newPassword)).status).toBe(200);
    expect((await login(user.email)).status).toBe(401);
    await ended((await claimsOf(other.accessToken)).sid);
    expect((await refresh(other.refreshToken)).status).toBe(401);
    expect((await refresh(refreshToken)).status).toBe(200);
    const event = await auth.event('auth.password.changed.v1', ({ userId }) => userId === user.id);
    expect(Object.keys(event).sort()).toEqual(['at', 'userId']);
  });

  it.each([
    ['a wrong current one', { currentPassword: 'a guess', newPassword }, '/currentPassword'],
    ['a common new one', { currentPassword: password, newPassword: 'baseball' }, '/newPassword'],
    ['a short new one', { currentPassword: password, newPassword: 'short' }, '/newPassword'],
    ['no current one', { newPassword }, '/currentPassword'],
  ])('with %s changes nothing', async (_, body, pointer) => {
    const { user, accessToken } = await registered();
    const answer = await change(accessToken, body);

    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
    expect((await login(user.email)).status).toBe(200);
  });

  it('needs an access token', async () => {
    expect((await change('no-token')).status).toBe(401);
  });

  it('happens once when two ask at the same moment', async () => {
    const { accessToken } = await registered();
    const answers = await Promise.all([change(accessToken), change(accessToken)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 400]);
  });

  it('leaves no session that began with the old one, however close it came', async () => {
    const { user, accessToken } = await registered();
    const [changed, ...logins] = await Promise.all([
      change(accessToken),
      ...Array.from({ length: 6 }, () => login(user.email)),
    ]);
    expect(changed.status).toBe(204);
    const tokens = logins.filter(({ status }) => status === 200).map(({ body }) => body.refreshToken);
    const answers = await Promise.all(tokens.map((token) => refresh(token)));
    expect(answers.filter(({ status }) => status !== 401)).toEqual([]);
  });

  it('lets nobody guess the current one, nor keep its owner from signing in', async () => {
    const { user, accessToken } = await registered();
    const guess = () => change(accessToken, { currentPassword: 'a guess', newPassword });
    const answers = await Promise.all(Array.from({ length: 12 }, guess));

    expect(answers.filter(({ status }) => status === 429)).toHaveLength(2);
    expect((await login(user.email)).status).toBe(200);
  });
});
