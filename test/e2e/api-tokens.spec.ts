import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type CreatedApiToken,
  type ExchangedApiToken,
  type ProblemBody,
  type Route,
  routes,
  type Scope,
  scopeOf,
} from '@taskwire/contracts';
import { call, type Client, signUp } from './client.js';
import { openEvents } from './live-clients.js';
import { type Platform, startPlatform } from './platform.js';
import { until } from './until.js';

const LIMIT = 20;
const INTERNAL_TOKEN = randomBytes(32).toString('hex');
const SCOPES: readonly Scope[] = ['tasks:read', 'tasks:write', 'notifications:read', 'notifications:write'];

let platform: Platform;
let ada: Client;
beforeAll(async () => {
  platform = await startPlatform({ env: { INTERNAL_TOKEN } });
  ada = await signUp(platform.api);
}, 60_000);
afterAll(async () => {
  await platform?.stop();
}, 30_000);

async function make(...scopes: readonly string[]) {
  const { status, body } = await ada.call<CreatedApiToken>('POST', '/v1/auth/api-tokens', {
    name: 'E2E',
    scopes,
  });
  expect(status).toBe(201);
  return { id: body.apiToken.id, token: body.token, ...clientOf(body.token) };
}

function clientOf(token: string, api = platform.api) {
  const headers = { authorization: `Bearer ${token}` };
  return {
    headers,
    call: <Body = ProblemBody>(method: string, path: string, body?: unknown) =>
      call<Body>(`${api}${path}`, method, body, { ...headers, 'if-match': '*' }),
  };
}

const attempt = ({ method, path, body }: Route, token: Awaited<ReturnType<typeof make>>) =>
  token.call(method, path.replace(/\{\w+\}/, ada.user.id), body && {});
const guarded = routes.filter(({ access, path }) => access !== 'public' && path !== '/v1/live');

describe('an API token', () => {
  it('reads and writes what its scopes allow, in every service', async () => {
    const token = await make(...SCOPES, 'analytics:read');
    const created = await token.call<{ id: string }>('POST', '/v1/tasks', { title: 'By a script' });
    expect(created.status).toBe(201);
    const reads = [`/v1/tasks/${created.body.id}`, '/v1/notifications', '/v1/analytics/me'];
    for (const path of reads) expect((await token.call('GET', path)).status).toBe(200);

    const events = await openEvents(`${platform.api}/v1/live?lastEventId=0`, token.headers);
    events.close();
  });

  it('is told which scope it lacks', async () => {
    const token = await make('tasks:read');
    const refused = await token.call('POST', '/v1/tasks', { title: 'No' });
    expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(refused.body.detail).toContain('tasks:write');
    expect(refused.headers.get('www-authenticate')).toContain('scope="tasks:write"');
    expect((await token.call('GET', '/v1/live')).body.detail).toContain('notifications:read');
  });

  it('is stopped by its scope at each route that has one', async () => {
    const token = await make('notifications:write');
    const scoped = guarded.filter((route) => ![null, 'any', 'notifications:write'].includes(scopeOf(route)));
    expect(scoped.length).toBeGreaterThan(8);
    for (const route of scoped) {
      const { status, body } = await attempt(route, token);
      expect([route.path, status, body.detail]).toEqual([
        ...[route.path, 403],
        expect.stringContaining(String(scopeOf(route))),
      ]);
    }
  });

  it('reaches no account, session, credential or administration, whatever its scopes', async () => {
    const closed = guarded.filter((route) => scopeOf(route) === null);
    expect(closed.length).toBeGreaterThan(10);
    const token = await make(...SCOPES, 'analytics:read');
    for (const route of closed) {
      const { status, body } = await attempt(route, token);
      expect([route.method, route.path, status, body.code]).toEqual([
        ...[route.method, route.path, 403, 'forbidden'],
      ]);
    }
  });

  it('is refused within seconds of being revoked, wherever it was used before', async () => {
    const token = await make('tasks:read', 'notifications:read');
    const paths = ['/v1/tasks', '/v1/notifications'];
    for (const path of paths) expect((await token.call('GET', path)).status).toBe(200);
    expect((await ada.call('DELETE', `/v1/auth/api-tokens/${token.id}`)).status).toBe(204);

    await until(
      'it is refused',
      () => Promise.all(paths.map((path) => token.call('GET', path))),
      (answers) => answers.every(({ status }) => status === 401),
    );
    expect((await ada.call('GET', '/v1/tasks')).status).toBe(200);
  });

  it('is known to the gateway alone: services take access tokens', async () => {
    const token = await make('tasks:read');
    const answer = await call(`${platform.urls.task}/v1/tasks`, 'GET', undefined, token.headers);
    expect(answer.status).toBe(401);
    expect((await clientOf(`tw_${'x'.repeat(43)}`).call('GET', '/v1/tasks')).status).toBe(401);
  });

  it('is held to its scopes by the services too, not by the gateway alone', async () => {
    const { body } = await ada.call<CreatedApiToken>('POST', '/v1/auth/api-tokens', {
      ...{ name: 'E2E', scopes: ['tasks:read'] },
    });
    const internal = { authorization: `Bearer ${INTERNAL_TOKEN}` };
    const exchange = `${platform.urls.auth}/internal/api-tokens/exchange`;
    const standIn = await call<ExchangedApiToken>(exchange, 'POST', { token: body.token }, internal);
    const at = (service: 'task' | 'notification' | 'analytics' | 'auth', path: string) =>
      call(`${platform.urls[service]}${path}`, 'GET', undefined, {
        authorization: `Bearer ${standIn.body.accessToken}`,
      });

    expect((await at('task', '/v1/tasks')).status).toBe(200);
    expect((await at('notification', '/v1/notifications')).status).toBe(403);
    expect((await at('analytics', '/v1/analytics/me')).status).toBe(403);
    expect((await at('auth', '/v1/auth/me')).status).toBe(403);
  });

  it('has a limit of its own, beside its user’s', async () => {
    const limited = await platform.addGateway({ RATE_LIMIT_TOKEN: String(LIMIT) });
    const [token, other] = [await make('tasks:read'), await make('tasks:read')].map(({ token: secret }) =>
      clientOf(secret, limited),
    );
    const answers = [];
    for (let n = 0; n <= LIMIT; n += 1) answers.push(await token?.call('GET', '/v1/tasks'));

    expect(answers.map((answer) => answer?.status)).toEqual([...Array<number>(LIMIT).fill(200), 429]);
    expect((await other?.call('GET', '/v1/tasks'))?.status).toBe(200);
  });
});
