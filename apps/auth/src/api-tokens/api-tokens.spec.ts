import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ApiTokenList,
  AuditPage,
  CreatedApiToken,
  DisableUser,
  ExchangedApiToken,
  MOST_API_TOKENS,
  RevokeApiToken,
} from '@taskwire/contracts';
import { Client } from 'pg';
import { bearer, password, requestsTo } from '../requests.fixture.js';
import { type RunningAuth, startAuth } from '../service.fixture.js';

let auth: RunningAuth;
let sql: Client;
beforeAll(async () => {
  auth = await startAuth({ RATE_LIMIT_LOGIN_ADDRESS: '1000' });
  sql = new Client({ connectionString: auth.env['DATABASE_URL'] });
  await sql.connect();
});
afterAll(async () => {
  await sql.end();
  await auth.close();
});
const { registered, claimsOf } = requestsTo(() => auth);

const envelope = (actor: string, roles: readonly string[] = ['user']) => ({
  id: randomUUID(),
  identity: { actor, roles, session: randomUUID() },
  firstSentAt: new Date(),
  deadline: new Date(Date.now() + 60_000),
});
const post = (accessToken: string, body: object) =>
  auth.call('POST', '/v1/auth/api-tokens', body, bearer(accessToken));
const wanted = { name: 'Report', scopes: ['tasks:read', 'analytics:read', 'tasks:read'] };
const create = async (accessToken: string) => CreatedApiToken.parse((await post(accessToken, wanted)).body);
const list = async (accessToken: string) => {
  const { body } = await auth.call('GET', '/v1/auth/api-tokens', undefined, bearer(accessToken));
  return ApiTokenList.parse(body).apiTokens;
};
const exchange = (token: string) => auth.internal('POST', '/internal/api-tokens/exchange', { token });
const exchanged = async (token: string) =>
  claimsOf(ExchangedApiToken.parse((await exchange(token)).body).accessToken);
const revoke = (userId: string, id: string, actor = userId) =>
  auth.bus.request(RevokeApiToken, { userId, id }, envelope(actor));
const revoked = async (id: string) => {
  const { body } = await auth.internal('GET', '/internal/revocations');
  return body.sessions.some(({ sessionId }) => sessionId === id);
};

describe('an API token', () => {
  it('is told once, and stored as its hash alone', async () => {
    const { accessToken } = await registered();
    const answer = await post(accessToken, wanted);
    const { apiToken, token } = CreatedApiToken.parse(answer.body);

    expect(answer.status).toBe(201);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(token).toMatch(/^tw_[\w-]{43}$/);
    expect(apiToken).toMatchObject({
      ...{ name: 'Report', hint: token.slice(0, 7), scopes: ['tasks:read', 'analytics:read'] },
      lastUsedAt: null,
    });
    const days = (Date.parse(apiToken.expiresAt) - Date.parse(apiToken.createdAt)) / 86_400_000;
    expect(days).toBe(90);
    const { rows } = await sql.query<{ hash: Buffer }>('select * from api_tokens where id = $1', [
      apiToken.id,
    ]);
    expect(rows[0]?.hash.equals(createHash('sha256').update(token).digest())).toBe(true);
    expect(JSON.stringify(rows)).not.toContain(token.slice(7));
    expect(await list(accessToken)).toEqual([apiToken]);
  });

  it('is exchanged for a short access token of its owner’s, with its scopes', async () => {
    const { user, accessToken } = await registered();
    const { apiToken, token } = await create(accessToken);
    const claims = await exchanged(token);

    expect(claims).toMatchObject({
      ...{ sub: user.id, sid: apiToken.id, roles: ['user'], scope: 'tasks:read analytics:read' },
    });
    expect(claims.exp - claims.iat).toBe(600);
    expect((await list(accessToken))[0]?.lastUsedAt).not.toBeNull();
  });

  it('leads to no access token that outlives it, and to none once it has expired', async () => {
    const { accessToken } = await registered();
    const { apiToken, token } = await create(accessToken);
    const expire = (seconds: number) =>
      sql.query('update api_tokens set expires_at = now() + make_interval(secs => $1) where id = $2', [
        seconds,
        apiToken.id,
      ]);
    await expire(60);
    const claims = await exchanged(token);
    expect(claims.exp - claims.iat).toBeLessThanOrEqual(60);

    await expire(-1);
    expect(await exchange(token)).toMatchObject({ status: 404 });
    expect(await list(accessToken)).toHaveLength(1);
  });

  it('that never was is none', async () => {
    expect(await exchange(`tw_${'x'.repeat(43)}`)).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
  });

  it('is revoked by its owner alone; the access tokens of it are void', async () => {
    const [ada, eve] = [await registered(), await registered()];
    const { apiToken, token } = await create(ada.accessToken);
    const { accessToken } = ExchangedApiToken.parse((await exchange(token)).body);
    expect(await revoke(eve.user.id, apiToken.id)).toMatchObject({ problem: { code: 'not_found' } });
    expect(await revoke(ada.user.id, apiToken.id, eve.user.id)).toMatchObject({
      problem: { code: 'forbidden' },
    });
    expect((await exchange(token)).status).toBe(200);

    expect(await revoke(ada.user.id, apiToken.id)).toMatchObject({
      status: 'done',
      reply: { id: apiToken.id },
    });
    expect((await exchange(token)).status).toBe(404);
    expect(await revoked(apiToken.id)).toBe(true);
    expect((await auth.call('GET', '/v1/auth/me', undefined, bearer(accessToken))).status).not.toBe(200);
    expect(await list(ada.accessToken)).toEqual([]);
  });

  it('ends with its account’s being disabled', async () => {
    const { user, accessToken } = await registered();
    const { apiToken, token } = await create(accessToken);
    await auth.bus.request(DisableUser, { userId: user.id }, envelope(randomUUID(), ['admin']));

    expect((await exchange(token)).status).toBe(404);
    expect(await revoked(apiToken.id)).toBe(true);
  });

  it('ends with its account', async () => {
    const { accessToken } = await registered();
    const { apiToken, token } = await create(accessToken);
    const removed = await auth.call('POST', '/v1/auth/me/deletion', { password }, bearer(accessToken));

    expect(removed.status).toBe(204);
    expect((await exchange(token)).status).toBe(404);
    expect(await revoked(apiToken.id)).toBe(true);
  });

  it('is told of in the audit trail, by its id', async () => {
    const { user, accessToken } = await registered();
    const { apiToken, token } = await create(accessToken);
    await revoke(user.id, apiToken.id);

    const { body } = await auth.internal('GET', `/internal/audit?subject=${user.id}`);
    const { entries } = AuditPage.parse(body);
    expect(entries.slice(-2).map(({ action, details }) => [action, JSON.parse(details) as object])).toEqual([
      ['api_token.created', { id: apiToken.id, scopes: ['tasks:read', 'analytics:read'] }],
      ['api_token.revoked', { id: apiToken.id }],
    ]);
    expect(JSON.stringify(entries)).not.toContain(token);
  });

  it(`is one of ${MOST_API_TOKENS} at most, also when many are asked for at once`, async () => {
    const { accessToken } = await registered();
    const answers = await Promise.all(
      Array.from({ length: MOST_API_TOKENS + 5 }, () => post(accessToken, wanted)),
    );
    const refused = answers.filter(({ status }) => status !== 201);

    expect(refused.map(({ body }) => body.code)).toEqual(Array(5).fill('limit_reached'));
    expect(await list(accessToken)).toHaveLength(MOST_API_TOKENS);
  });

  it.each([
    ['without a scope', { scopes: [] }, '/scopes'],
    ['with a scope that there is not', { scopes: ['accounts:write'] }, '/scopes/0'],
    ['for longer than a year', { expiresInDays: 366 }, '/expiresInDays'],
    ['without an end', { expiresInDays: null }, '/expiresInDays'],
    ['without a name', { name: ' ' }, '/name'],
  ])('%s is refused', async (_, change, pointer) => {
    const { accessToken } = await registered();
    expect(await post(accessToken, { ...wanted, ...change })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer }] },
    });
  });
});

it('an exchange is for the processes of the platform', async () => {
  const { accessToken } = await registered();
  const { token } = await create(accessToken);
  const answer = await auth.call('POST', '/internal/api-tokens/exchange', { token }, bearer(accessToken));
  expect(answer.status).toBe(401);
});

it('with the scopes of an API token, no account, session or credential can be reached', async () => {
  const { accessToken } = await registered();
  const { token } = await create(accessToken);
  const standIn = ExchangedApiToken.parse((await exchange(token)).body).accessToken;
  for (const [method, path] of [
    ['GET', '/v1/auth/me'],
    ['GET', '/v1/auth/sessions'],
    ['GET', '/v1/auth/api-tokens'],
    ['POST', '/v1/auth/api-tokens'],
    ['PUT', '/v1/auth/me/password'],
    ['GET', '/v1/admin/users'],
    ['GET', '/internal/audit'],
  ] as const) {
    const body = method === 'GET' ? undefined : {};
    expect(await auth.call(method, path, body, bearer(standIn))).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
  }
});
