import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EndOtherSessions, EndSession, SessionList } from '@taskwire/contracts';
import { bearer, password, requestsTo } from '../requests.fixture.js';
import { type RunningAuth, startAuth } from '../service.fixture.js';
import { MOST_SESSIONS } from './session.js';

let auth: RunningAuth;
beforeAll(async () => {
  auth = await startAuth({ RATE_LIMIT_LOGIN_ADDRESS: '1000', RATE_LIMIT_LOGIN_ACCOUNT: '150' });
});
afterAll(() => auth.close());
const { registered, login, refresh, ended, claimsOf } = requestsTo(() => auth);

async function sessionsOf(accessToken: string) {
  const answer = await auth.call('GET', '/v1/auth/sessions', undefined, bearer(accessToken));
  return SessionList.parse(answer.body).sessions;
}
const sidOf = async (accessToken: string) => (await claimsOf(accessToken)).sid;
const command = (actor: string, session: string) => ({
  id: randomUUID(),
  identity: { actor, roles: ['user'], session },
  firstSentAt: new Date(),
  deadline: new Date(Date.now() + 60_000),
});

describe('the sessions of an account', () => {
  it('are listed with where they were used last, the one that asks marked', async () => {
    const { user, accessToken } = await registered();
    const second = await auth.internal(
      'POST',
      '/v1/auth/login',
      { email: user.email, password },
      { 'x-forwarded-for': '192.0.2.7', 'user-agent': 'Firefox/140.0' },
    );
    const [newest, oldest, ...more] = await sessionsOf(accessToken);

    expect(more).toEqual([]);
    expect(oldest).toMatchObject({ id: await sidOf(accessToken), current: true, address: '127.0.0.1' });
    expect(newest).toMatchObject({
      id: await sidOf(second.body.accessToken),
      ...{ current: false, address: '192.0.2.7', userAgent: 'Firefox/140.0' },
    });
    expect(newest?.startedAt).toBe(newest?.lastUsedAt);
  });

  it('are used anew by a refresh', async () => {
    const { user, accessToken, refreshToken } = await registered();
    await login(user.email);
    await auth.internal('POST', '/v1/auth/refresh', { refreshToken }, { 'x-forwarded-for': '192.0.2.9' });
    const [first] = await sessionsOf(accessToken);

    expect(first).toMatchObject({ current: true, address: '192.0.2.9' });
    expect(Date.parse(first?.lastUsedAt ?? '')).toBeGreaterThan(Date.parse(first?.startedAt ?? ''));
  });

  it('can be ended one by one, by their owner alone', async () => {
    const { user, accessToken } = await registered();
    const [own, other] = [await sidOf(accessToken), (await login(user.email)).body];
    const sessionId = await sidOf(other.accessToken);
    const eve = await registered();
    const end = (userId: string, actor: string) =>
      auth.bus.request(EndSession, { userId, sessionId }, command(actor, own));

    expect(await end(eve.user.id, eve.user.id)).toMatchObject({ problem: { code: 'not_found' } });
    expect(await end(user.id, eve.user.id)).toMatchObject({ problem: { code: 'forbidden' } });
    expect((await refresh(other.refreshToken)).status).toBe(200);

    expect(await end(user.id, user.id)).toMatchObject({ status: 'done', reply: { sessionId } });
    await ended(sessionId);
    expect((await sessionsOf(accessToken)).map(({ id }) => id)).toEqual([own]);
    expect(await end(user.id, user.id)).toMatchObject({ status: 'done' });
  });

  it('can all be ended but the one that asks', async () => {
    const { user, accessToken } = await registered();
    const [own, ...others] = [accessToken, ...(await Promise.all([login(user.email), login(user.email)]))];
    const session = await sidOf(own);
    const endOthers = (actor: string) =>
      auth.bus.request(EndOtherSessions, { userId: user.id }, command(actor, session));

    expect(await endOthers(randomUUID())).toMatchObject({ problem: { code: 'forbidden' } });
    expect(await endOthers(user.id)).toMatchObject({ status: 'done', reply: { ended: 2 } });
    for (const { body } of others) {
      await ended(await sidOf(body.accessToken));
      expect((await refresh(body.refreshToken)).status).toBe(401);
    }
    expect((await sessionsOf(accessToken)).map(({ id }) => id)).toEqual([session]);
    expect(await endOthers(user.id)).toMatchObject({ reply: { ended: 0 } });
  });

  it(`are ${MOST_SESSIONS} at most: another one ends the one that was used longest ago`, async () => {
    const { user, accessToken, refreshToken } = await registered();
    const second = await login(user.email);
    await refresh(refreshToken);
    for (let n = 2; n <= MOST_SESSIONS; n += 1) await login(user.email);

    await ended(await sidOf(second.body.accessToken));
    expect((await refresh(second.body.refreshToken)).status).toBe(401);
    const sessions = await sessionsOf(accessToken);
    expect(sessions).toHaveLength(MOST_SESSIONS);
    expect(sessions.some(({ current }) => current)).toBe(true);
  });
});
