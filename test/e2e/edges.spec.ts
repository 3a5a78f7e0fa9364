import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { routes } from '@taskwire/contracts';
import { type Client, signUp } from './client.js';
import { type Platform, startPlatform } from './platform.js';

const EXEMPT = 'a token for load tests only';
let platform: Platform;
let ada: Client;

beforeAll(async () => {
  platform = await startPlatform({
    env: {
      RATE_LIMIT_USER: '20',
      RATE_LIMIT_EXEMPT_TOKEN: EXEMPT,
      CORS_ORIGINS: 'https://app.example.org',
    },
  });
  ada = await signUp(platform.api);
}, 60_000);
afterAll(async () => {
  await platform?.stop();
}, 30_000);

const send = (path: string, options: RequestInit) => fetch(`${platform.api}${path}`, options);
const json = { 'content-type': 'application/json' };

describe('what is refused before it reaches a service', () => {
  it.each([
    ['a path that there is not', 'GET', '/v1/nothing', {}, undefined, 404, 'not_found'],
    ['no token', 'GET', '/v1/tasks', {}, undefined, 401, 'unauthenticated'],
    [
      'a forged token',
      'GET',
      '/v1/tasks',
      { authorization: 'Bearer a.b.c' },
      undefined,
      401,
      'unauthenticated',
    ],
    ['half a body', 'POST', '/v1/auth/login', json, '{"email":', 400, 'bad_request'],
    [
      'a body that is no JSON',
      'POST',
      '/v1/auth/login',
      { 'content-type': 'text/plain' },
      'x',
      415,
      'unsupported_media_type',
    ],
    ['2 MiB', 'POST', '/v1/auth/login', json, `"${'x'.repeat(2 ** 21)}"`, 413, 'body_too_large'],
    ['what cannot be decoded', 'GET', '/v1/tasks/%E0%A4%A', {}, undefined, 400, 'bad_request'],
    ['a body of 33 levels', 'POST', '/v1/auth/login', json, '['.repeat(33), 400, 'bad_request'],
    ['a body of null', 'POST', '/v1/auth/login', json, 'null', 400, 'validation_failed'],
    ['an unknown error page', 'GET', '/docs/errors/nothing', {}, undefined, 404, 'not_found'],
  ] as const)('%s', async (_what, method, path, headers, body, status, code) => {
    const response = await send(path, { method, headers, ...(body !== undefined && { body }) });
    const problem: unknown = await response.json();

    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(problem).toMatchObject({ code, status, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) });
  });

  it('a key that is none', async () => {
    const answer = await ada.call('POST', '/v1/tasks', { title: 'A' }, { 'idempotency-key': 'two words' });

    expect(answer).toMatchObject({ status: 400, body: { code: 'bad_request' } });
  });

  it('internal paths', async () => {
    const path = `/internal/feed/${ada.user.id}?after=0`;

    expect((await send(path, {})).status).toBe(404);
    expect((await fetch(`${platform.urls.notification}${path}`)).status).toBe(401);
  });
});

describe('a query', () => {
  it.each([
    ['/v1/tasks?foo=1', '/query/foo'],
    ['/v1/tasks?limit=1e1', '/query/limit'],
    ['/v1/tasks?cursor=&page=1', '/query/page'],
    ['/v1/tasks/stats?status=todo', '/query/status'],
    ['/v1/live?since=1', '/query/since'],
  ])('%s is refused with the parameter that is wrong', async (path, pointer) => {
    const headers = { 'x-rate-limit-exempt': EXEMPT };
    const answer = await ada.call('GET', path, undefined, headers);

    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed', errors: [{ pointer }] } });
  });
});

describe('the methods of a path', () => {
  it.each([
    ['/v1/tasks', {}],
    ['/v1/tasks', { origin: 'https://app.example.org' }],
    ['/v1/tasks', { origin: 'https://elsewhere.example.org' }],
  ])('are in Allow: %s %j', async (path, headers) => {
    const response = await send(path, { method: 'OPTIONS', headers });

    expect(response.status).toBe(204);
    expect(response.headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST');
  });

  it.each([
    ['PUT', '/v1/tasks', 'GET, HEAD, OPTIONS, POST'],
    ['HEAD', '/v1/live', 'GET, OPTIONS'],
  ])('are in the refusal of %s %s', async (method, path, allow) => {
    const response = await send(path, { method });

    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
  });

  it('are told to a preflight', async () => {
    const headers = { origin: 'https://app.example.org', 'access-control-request-method': 'PATCH' };
    const response = await send('/v1/tasks', { method: 'OPTIONS', headers });

    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-methods')).toContain('PATCH');
  });
});

describe('every route of the contracts', () => {
  it.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    '%s is served',
    async (_name, route) => {
      const path = route.path.replace('{id}', '0b4c6f5e-3f0e-7c55-9d0a-4f7f5b1f3c11');
      const response = await send(path, { method: route.method, signal: AbortSignal.timeout(10_000) });
      const expected = route.access === 'public' ? (route.body ? 400 : route.success.status) : 401;

      expect(response.status).toBe(expected);
    },
  );
});

describe('limits', () => {
  it('refuse a user who asks for more, say when to come back, and let the load test through', async () => {
    const eve = await signUp(platform.api);
    const answers = [];
    for (let i = 0; i < 21; i += 1) answers.push(await eve.call('GET', '/v1/tasks'));
    const last = answers.at(-1);
    const exempt = await eve.call('GET', '/v1/tasks', undefined, { 'x-rate-limit-exempt': EXEMPT });
    const wrong = await eve.call('GET', '/v1/tasks', undefined, { 'x-rate-limit-exempt': 'guess' });

    expect(answers.slice(0, 20).every(({ status }) => status === 200)).toBe(true);
    expect(last).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(last?.headers.get('ratelimit')).toMatch(/^"ip";r=\d+;t=\d+, "user";r=0;t=\d+$/);
    expect(last?.headers.get('ratelimit-policy')).toBe('"ip";q=600;w=60, "user";q=20;w=60');
    expect(exempt.status).toBe(200);
    expect(wrong.status).toBe(429);
  });
});

describe('browsers', () => {
  it('may use the API from the listed origins only, and read refusals', async () => {
    const from = async (origin: string) => (await send('/v1/tasks', { headers: { origin } })).headers;

    expect((await from('https://app.example.org')).get('access-control-allow-origin')).toBe(
      'https://app.example.org',
    );
    expect((await from('https://app.example.org')).get('access-control-expose-headers')).toContain(
      'idempotency-key',
    );
    expect((await from('http://localhost:5173')).get('access-control-allow-origin')).toBeNull();
  });

  it('get security headers with every answer', async () => {
    const { headers } = await send('/docs', {});

    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-powered-by')).toBeNull();
  });
});

describe('pages', () => {
  it.each([
    ['/docs', 'text/html', 'Live events'],
    ['/docs/style.css', 'text/css', 'color-scheme'],
    ['/docs/errors', 'text/html', 'version_conflict'],
    ['/docs/errors/version_conflict', 'text/html', 'What to do'],
    ['/openapi.json', 'application/json', '"openapi":"3.1.0"'],
    ['/asyncapi.json', 'application/json', '"asyncapi":"3.0.0"'],
    ['/docs/events', 'text/html', 'task.created.v1'],
    ['/.well-known/jwks.json', 'application/json', '"keys"'],
    ['/health/live', 'application/json', 'gateway'],
    ['/health/ready', 'application/json', 'ready'],
  ])('%s', async (path, type, part) => {
    const response = await send(path, { headers: { 'accept-encoding': 'gzip' } });

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain(type);
    expect(await response.text()).toContain(part);
  });

  it('are compressed, but for what holds a secret', async () => {
    const response = await send('/docs', { headers: { 'accept-encoding': 'gzip' } });

    expect(response.headers.get('content-encoding')).toBe('gzip');

    const name = '𝕏'.repeat(100);
    const email = `e2e-${randomUUID()}@example.org`;
    const signedIn = await send('/v1/auth/register', {
      method: 'POST',
      headers: { ...json, 'accept-encoding': 'gzip' },
      body: JSON.stringify({ email, password: 'correct horse battery staple', name }),
    });
    expect(signedIn.headers.get('content-encoding')).toBeNull();
    expect((await signedIn.arrayBuffer()).byteLength).toBeGreaterThan(1_024);
  });
});

describe('reads on their way to a service', () => {
  it('go without a body, one after the other over one connection', async () => {
    const { port } = new URL(platform.urls.task);
    const reader = await signUp(platform.api);
    const seen: IncomingMessage[] = [];
    const watch = (message: unknown) => {
      const { request } = message as { request: IncomingMessage };
      if (request.socket.localPort === Number(port)) seen.push(request);
    };
    subscribe('http.server.request.start', watch);
    try {
      for (let read = 0; read < 4; read += 1) await reader.call('GET', '/v1/tasks');
    } finally {
      unsubscribe('http.server.request.start', watch);
    }

    expect(seen.map(({ url, headers }) => [url, headers['content-length']])).toEqual(
      Array.from({ length: 4 }, () => ['/v1/tasks', undefined]),
    );
    expect(new Set(seen.map(({ socket }) => socket)).size).toBe(1);
  });
});
