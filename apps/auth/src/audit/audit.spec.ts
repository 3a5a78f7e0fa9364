import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AuditEntry, AuditPage } from '@taskwire/contracts';
import { bearer, password, requestsTo } from '../requests.fixture.js';
import { type RunningAuth, startAuth } from '../service.fixture.js';

let auth: RunningAuth;
beforeAll(async () => {
  auth = await startAuth({ RATE_LIMIT_LOGIN_ADDRESS: '1000' });
});
afterAll(() => auth.close());
const { registered, login, refresh, logout, claimsOf } = requestsTo(() => auth);

const read = async (query: string) =>
  AuditPage.parse((await auth.internal('GET', `/internal/audit?${query}`)).body);
const entriesOf = async (userId: string) => (await read(`subject=${userId}`)).entries;
const told = ({ action, details }: AuditEntry) =>
  details === '{}' ? action : `${action}: ${Object.values(JSON.parse(details) as object).join()}`;

describe('the audit trail', () => {
  it('tells what an account did and what was done to it, in order', async () => {
    const { user, accessToken, refreshToken } = await registered();
    const sid = (await claimsOf(accessToken)).sid;
    const other = (await login(user.email)).body;
    await auth.internal('POST', '/internal/users/roles', { email: user.email, role: 'operator' });
    const body = { currentPassword: password, newPassword: 'another horse, another battery' };
    await auth.call('PUT', '/v1/auth/me/password', body, bearer(accessToken));
    await logout(other.refreshToken);
    await logout(refreshToken);

    const entries = await entriesOf(user.id);
    expect(entries.map(told)).toEqual([
      'account.registered',
      'session.started',
      'session.started',
      'role.granted: operator',
      'session.ended: password_changed',
      'password.changed',
      'session.ended: logged_out',
    ]);
    const own = [user.id, user.id, user.id, null, user.id, user.id, user.id];
    expect(entries.map(({ actor }) => actor)).toEqual(own);
    expect(entries.map(({ session }) => session === sid)).toEqual([
      ...[false, true, false, false, false, true, true],
    ]);
  });

  it('tells from where, in which trace, and of a refresh token that two parties have', async () => {
    const { user, refreshToken } = await registered();
    await refresh((await refresh(refreshToken)).body.refreshToken);
    const trace = '0af7651916cd43dd8448eb211c80319c';
    await auth.internal(
      'POST',
      '/v1/auth/refresh',
      { refreshToken },
      {
        'x-forwarded-for': '203.0.113.66',
        'user-agent': 'thief/1.0',
        traceparent: `00-${trace}-b7ad6b7169203331-01`,
      },
    );

    const [ended, reused, ...more] = (await entriesOf(user.id)).slice(2);
    expect(more).toEqual([]);
    expect([ended, reused].map((entry) => entry && told(entry))).toEqual([
      'session.ended: token_reused',
      'refresh_token.reused',
    ]);
    expect(reused).toMatchObject({
      ...{ actor: null, subject: user.id, traceId: trace },
      origin: { address: '203.0.113.66', userAgent: 'thief/1.0' },
    });
  });

  it('holds nothing personal that is not sealed', async () => {
    const { user } = await registered();
    const entries = await entriesOf(user.id);
    const open = entries.map(({ origin: _, ...stored }) => stored);
    expect(entries[0]?.origin?.address).toBe('127.0.0.1');
    for (const personal of [user.email, 'Ada', '127.0.0.1']) {
      expect(JSON.stringify(open)).not.toContain(personal);
    }
  });

  it('is read in pages, by operators and the platform only', async () => {
    const first = await read('limit=2');
    expect(first.entries.map(({ seq }) => seq)).toEqual([1, 2]);
    expect((await read(`after=${first.next}&limit=1`)).entries.map(({ seq }) => seq)).toEqual([3]);

    const { user, accessToken, refreshToken } = await registered();
    const asUser = async (token: string) =>
      (await auth.call('GET', '/internal/audit?limit=1', undefined, bearer(token))).status;
    expect(await asUser(accessToken)).toBe(403);
    expect((await auth.call('GET', '/internal/audit')).status).toBe(401);
    await auth.internal('POST', '/internal/users/roles', { email: user.email, role: 'operator' });
    expect(await asUser((await refresh(refreshToken)).body.accessToken)).toBe(200);
  });
});
