import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AdminUserPage, AuditPage, DisableUser, EnableUser } from '@taskwire/contracts';
import { bearer, requestsTo } from '../requests.fixture.js';
import { type RunningAuth, startAuth } from '../service.fixture.js';

let auth: RunningAuth;
let admin: { id: string; token: string };
beforeAll(async () => {
  auth = await startAuth({ RATE_LIMIT_LOGIN_ADDRESS: '1000' });
  admin = await administrator();
});
afterAll(() => auth.close());
const { registered, login, refresh, ended, claimsOf } = requestsTo(() => auth);

async function administrator() {
  const { user, refreshToken } = await registered();
  await auth.internal('POST', '/internal/users/roles', { email: user.email, role: 'admin' });
  return { id: user.id, token: (await refresh(refreshToken)).body.accessToken };
}

const envelope = (actor: string, roles: readonly string[]) => ({
  id: randomUUID(),
  identity: { actor, roles, session: randomUUID() },
  firstSentAt: new Date(),
  deadline: new Date(Date.now() + 60_000),
});
const ADMIN = ['user', 'admin'];
const disable = (userId: string, actor = admin.id, roles: readonly string[] = ADMIN) =>
  auth.bus.request(DisableUser, { userId }, envelope(actor, roles));
const enable = (userId: string, actor = admin.id, roles: readonly string[] = ADMIN) =>
  auth.bus.request(EnableUser, { userId }, envelope(actor, roles));
const list = (query: string, token = admin.token) =>
  auth.call('GET', `/v1/admin/users?${query}`, undefined, bearer(token));
const page = async (query: string) => AdminUserPage.parse((await list(query)).body);

describe('a disabled account', () => {
  it('can neither be signed in to nor refreshed, and its sessions end', async () => {
    const { user, accessToken, refreshToken } = await registered();
    const other = (await login(user.email)).body;
    expect(await disable(user.id)).toMatchObject({ status: 'done', reply: { userId: user.id } });

    for (const token of [accessToken, other.accessToken]) await ended((await claimsOf(token)).sid);
    const wrong = await login(`${randomUUID()}@example.com`);
    const { traceId: _, ...said } = wrong.body;
    expect(await login(user.email)).toMatchObject({ status: 401, body: said });
    expect(await refresh(refreshToken)).toMatchObject({
      status: 401,
      body: { code: 'invalid_refresh_token' },
    });
    expect((await auth.call('GET', '/v1/auth/me', undefined, bearer(accessToken))).status).toBe(401);
  });

  it('can be signed in to again once it is enabled; what ended stays ended', async () => {
    const { user, refreshToken } = await registered();
    await disable(user.id);
    expect(await enable(user.id)).toMatchObject({ status: 'done' });

    expect((await login(user.email)).status).toBe(200);
    expect((await refresh(refreshToken)).status).toBe(401);
  });

  it('lets no login through that ran at the same moment', async () => {
    const { user } = await registered();
    const logins = Array.from({ length: 5 }, () => login(user.email));
    await disable(user.id);

    const tokens = (await Promise.all(logins)).flatMap(({ status, body }) =>
      status === 200 ? [body.refreshToken] : [],
    );
    for (const token of tokens) expect((await refresh(token)).status).toBe(401);
  });

  it('is told of in the audit trail, once, with who did it', async () => {
    const { user } = await registered();
    await disable(user.id);
    await disable(user.id);
    await enable(user.id);
    await enable(user.id);

    const { entries } = AuditPage.parse(
      (await auth.internal('GET', `/internal/audit?subject=${user.id}`)).body,
    );
    expect(entries.slice(2).map(({ action, details, actor }) => [action, details, actor])).toEqual([
      ['session.ended', '{"reason":"account_disabled"}', admin.id],
      ['account.disabled', '{}', admin.id],
      ['account.enabled', '{}', admin.id],
    ]);
  });
});

describe('disabling and enabling', () => {
  it.each([
    ['disabling', disable],
    ['enabling', enable],
  ] as const)('%s is for administrators, as the envelope says', async (_, change) => {
    const { user } = await registered();
    for (const roles of [['user'], ['user', 'operator'], []]) {
      expect(await change(user.id, admin.id, roles)).toMatchObject({ problem: { code: 'forbidden' } });
    }
    expect(await change(randomUUID())).toMatchObject({ problem: { code: 'not_found' } });
    expect((await login(user.email)).status).toBe(200);
  });

  it('is nothing that an administrator can do to itself', async () => {
    expect(await disable(admin.id)).toMatchObject({ problem: { code: 'forbidden' } });
    expect((await list('limit=1')).status).toBe(200);
  });
});

describe('the list of accounts', () => {
  it('is found by what an address begins with, in any spelling, and by nothing else of it', async () => {
    const mark = randomUUID().slice(0, 8);
    const [first, second] = [
      await registered(`${mark}_a@example.com`),
      await registered(`${mark}_b@example.com`),
    ];
    await disable(first.user.id);
    const found = await page(`email=${mark.toUpperCase()}_`);

    expect(found.users).toEqual([
      { ...second.user, disabledAt: null },
      { ...first.user, disabledAt: expect.any(String) },
    ]);
    for (const other of [
      '%25',
      `_${mark}`,
      `${mark.slice(1)}_`,
      `${mark}%25`,
      `${mark}\\`,
      `${mark.slice(0, 7)}__`,
    ]) {
      expect((await page(`email=${other}`)).users).toEqual([]);
    }
  });

  it('comes in pages, each account once, the newest first', async () => {
    const mark = randomUUID().slice(0, 8);
    const made = [];
    for (const name of 'abcde') made.push((await registered(`${mark}${name}@example.com`)).user.id);

    const seen = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const next: AdminUserPage = await page(`email=${mark}&limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(next.users.map(({ id }) => id));
      cursor = next.nextCursor;
    }
    expect(seen.flat()).toEqual(made.toReversed());
    expect(seen.map(({ length }) => length)).toEqual([2, 2, 1]);
  });

  it.each(['cursor=nonsense', 'cursor=', 'limit=101', 'email=', 'name=Ada'])('refuses ?%s', async (query) => {
    expect(await list(query)).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  });

  it('is for administrators', async () => {
    const { accessToken } = await registered();
    expect(await list('limit=1', accessToken)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await auth.call('GET', '/v1/admin/users')).status).toBe(401);
  });
});
