import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type ProblemBody, routes, User } from '@taskwire/contracts';
import { decodeJwt, decodeProtectedHeader, generateKeyPair, SignJWT } from 'jose';
import { apiAt, call, type Client, got, signUp } from './client.js';
import { type Platform, startPlatform } from './platform.js';

// The essence of each risk of the OWASP API Security Top 10 2023, in its order. What the comments name tests it in full.

const LOGINS_OF_AN_ADDRESS = 10;

let platform: Platform;
let ada: Client;
let eve: Client;
const servers: Server[] = [];

beforeAll(async () => {
  const env = { RATE_LIMIT_LOGIN_ADDRESS: String(LOGINS_OF_AN_ADDRESS), RATE_LIMIT_LOGIN_ACCOUNT: '100' };
  platform = await startPlatform({ env });
  ada = await signUp(platform.api);
  eve = await signUp(platform.api);
}, 60_000);
afterAll(async () => {
  await platform?.stop();
  for (const server of servers) server.close();
}, 30_000);

async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const send = (path: string, options: RequestInit = {}, api = platform.api) => fetch(`${api}${path}`, options);
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** What a refusal says, but for what is of the request alone. */
function said(error: ProblemBody | undefined, id = '') {
  const { traceId: _, ...problem } = error ?? { traceId: '' };
  return JSON.stringify(problem).replaceAll(id, '{id}');
}

/** With a header that says where the key is, signed by somebody who isn't auth. */
async function forged(header: object = {}): Promise<string> {
  const { privateKey } = await generateKeyPair('EdDSA');
  return new SignJWT({ ...decodeJwt(ada.token), roles: ['admin'] })
    .setProtectedHeader({ ...decodeProtectedHeader(ada.token), alg: 'EdDSA', ...header })
    .sign(privateKey);
}

// object-access.spec.ts: every route with every kind of id.
it('API1:2023 Broken Object Level Authorization: a task of somebody else is as one that does not exist', async () => {
  const { id } = await ada.createTask('secret');
  const none = randomUUID();
  const read = (one: string) => eve.api.GET('/v1/tasks/{id}', { params: { path: { id: one } } });
  const [theirs, nobodys] = [await read(id), await read(none)];
  const params = { path: { id }, header: { 'If-Match': '*' } };
  const changed = await eve.api.PATCH('/v1/tasks/{id}', { params, body: { title: 'mine' } });

  expect([theirs, nobodys, changed].map(({ response }) => response.status)).toEqual([404, 404, 404]);
  expect(said(theirs.error, id)).toBe(said(nobodys.error, none));
  const task = got(await ada.api.GET('/v1/tasks/{id}', { params: { path: { id } } }));
  expect(task).toMatchObject({ title: 'secret', version: 1 });
});

// access-tokens.spec.ts: 27 attacks on each service; sessions.spec.ts; apps/auth/src/sessions, apps/auth/src/passwords.
it('API2:2023 Broken Authentication: who cannot prove it is nobody, and does not learn who has an account', async () => {
  const api = apiAt(platform.api);
  const login = (email: string) => api.POST('/v1/auth/login', { body: { email, password: 'a wrong horse' } });
  const [known, unknown] = [await login(ada.email), await login('nobody@example.org')];
  const withForged = await apiAt(platform.api, await forged()).GET('/v1/auth/me');

  expect([known, unknown].map(({ response }) => response.status)).toEqual([401, 401]);
  expect(said(known.error)).toBe(said(unknown.error));
  expect(withForged.error).toMatchObject({ status: 401, code: 'unauthenticated' });
});

// libs/contracts: bodies are strict; test/fuzz sends wrong ones to every route.
it('API3:2023 Broken Object Property Level Authorization: nobody sets or sees what the contract does not have', async () => {
  const attempts = [
    await ada.call<ProblemBody>('PATCH', '/v1/auth/me', { roles: ['admin'] }),
    await ada.call<ProblemBody>('POST', '/v1/tasks', { title: 'A', ownerId: eve.user.id }),
    await ada.call<ProblemBody>('POST', '/v1/tasks', { title: 'A', version: 7 }),
  ];
  const me = got(await ada.api.GET('/v1/auth/me'));

  expect(attempts.map(({ body }) => body.code)).toEqual(attempts.map(() => 'validation_failed'));
  expect(me.roles).toEqual(['user']);
  expect(Object.keys(me).sort()).toEqual(Object.keys(User.shape).sort());
});

// edges.spec.ts, overload.spec.ts; libs/service: time-outs, depth of JSON; apps/gateway/src/limits.
it('API4:2023 Unrestricted Resource Consumption: pages, bodies and requests have a bound', async () => {
  const few = await platform.addGateway({ RATE_LIMIT_USER: '3' });
  const hungry = apiAt(few, (await signUp(platform.api)).token);
  const statuses = [];
  for (let n = 0; n < 4; n += 1) statuses.push((await hungry.GET('/v1/tasks/stats')).response);
  const page = await ada.api.GET('/v1/tasks', { params: { query: { limit: 101 } } });
  const body = await ada.call('POST', '/v1/tasks', { title: 'x'.repeat(2 ** 20) });

  expect(page.error).toMatchObject({ code: 'validation_failed', errors: [{ pointer: '/query/limit' }] });
  expect(body.status).toBe(413);
  expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  expect(Number(statuses.at(-1)?.headers.get('retry-after'))).toBeGreaterThan(0);
});

// object-access.spec.ts: every route for admins; access-tokens.spec.ts: what is for services.
it('API5:2023 Broken Function Level Authorization: a user cannot do what administrators and services do', async () => {
  const overview = await ada.api.GET('/v1/analytics/overview');
  const grant = { method: 'POST', headers: bearer(ada.token) };
  const path = '/internal/users/roles';

  expect(overview.error).toMatchObject({ status: 403, code: 'forbidden' });
  expect((await send(path, grant)).status).toBe(404);
  expect((await send('/internal/keys', { headers: bearer(ada.token) }, platform.urls.auth)).status).toBe(401);
});

// apps/auth/src/sessions/login-limits.spec.ts, apps/gateway/src/limits/client-address.spec.ts.
it('API6:2023 Unrestricted Access to Sensitive Business Flows: signing in is slow for who tries many accounts, whatever address they claim', async () => {
  const login = (n: number) =>
    send('/v1/auth/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': `203.0.113.${n}` },
      body: JSON.stringify({ email: `guess-${n}@example.org`, password: 'a wrong horse' }),
    });
  const statuses = [];
  for (let n = 0; n <= LOGINS_OF_AN_ADDRESS; n += 1) statuses.push((await login(n)).status);

  expect(new Set(statuses)).toEqual(new Set([401, 429]));
  expect(statuses.at(-1)).toBe(429);
});

// access-tokens.spec.ts; apps/notification/src/webhooks/targets.spec.ts, post.spec.ts.
it('API7:2023 Server Side Request Forgery: nobody inside is asked at an address that a request names', async () => {
  const asked: (string | undefined)[] = [];
  const lure = await listen(({ url }, response) => {
    asked.push(url);
    response.end('{"keys":[]}');
  });
  const named = [
    { jku: `${lure}/jku`, kid: 'theirs' },
    { x5u: `${lure}/x5u`, kid: 'theirs' },
  ];
  for (const header of named) {
    const { status } = await send('/v1/tasks', { headers: bearer(await forged(header)) });
    expect(status).toBe(401);
  }
  const host = new URL(lure).host;
  const elsewhere = {
    ...bearer(ada.token),
    'x-forwarded-host': host,
    forwarded: `host=${host}`,
    referer: lure,
  };
  expect((await send('/v1/tasks', { headers: elsewhere })).status).toBe(200);
  for (const url of [lure, lure.replace('http:', 'https:'), 'https://[::ffff:169.254.169.254]/']) {
    const webhook = { url, events: ['task.created.v1'] };
    const { status } = await call(`${platform.api}/v1/webhooks`, 'POST', webhook, bearer(ada.token));
    expect([url, status]).toEqual([url, 400]);
  }

  expect(asked).toEqual([]);
});

// edges.spec.ts; apps/gateway/src/http/hooks.spec.ts; the doctor (doctor.spec.ts) for what operators set.
it('API8:2023 Security Misconfiguration: in production no page of others may call it, and no answer says what runs it', async () => {
  const production = await platform.addGateway({ NODE_ENV: 'production', LOG_LEVEL: 'silent' });
  const headers = { origin: 'http://localhost:5173', ...bearer(ada.token) };
  const answers = await Promise.all(
    ['/v1/tasks', '/v1/nothing', '/docs'].map((path) => send(path, { headers }, production)),
  );

  expect(answers.map(({ status }) => status)).toEqual([200, 404, 200]);
  for (const answer of answers) {
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('strict-transport-security')).toMatch(/max-age=\d{7,}/);
    for (const name of ['server', 'x-powered-by']) expect(answer.headers.get(name)).toBeNull();
    expect(await answer.text()).not.toMatch(/node_modules|\bat .*\.[jt]s:\d+/);
  }
});

// openapi.spec.ts, edges.spec.ts: every route of the contracts is served, and described.
it('API9:2023 Improper Inventory Management: what is served is what the published document has, in one version', async () => {
  const { paths } = (await (await send('/openapi.json')).json()) as { paths: Record<string, object> };
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const forgotten = ['/v0/tasks', '/v2/tasks', '/tasks', '/internal/doctor', '/internal/feed/1', '/mailbox'];
  const others = [...forgotten, '/metrics', '/debug', '/graphql', '/swagger', '/.env', '/health'];
  const answers = await Promise.all(others.map((path) => send(path, { headers: bearer(ada.token) })));

  expect(described.sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort());
  expect(answers.map(({ status }, at) => [others[at], status])).toEqual(others.map((path) => [path, 404]));
});

// libs/service/src/clients: time-outs, bounds, circuit breaker.
it('API10:2023 Unsafe Consumption of APIs: what a service answers is not believed, followed or passed on blindly', async () => {
  const asked: unknown[] = [];
  const lure = await listen((request, response) => {
    asked.push(request.url);
    response.end();
  });
  const page = '<h1>Error at 10.0.0.7</h1>';
  const answers: Record<string, RequestListener> = {
    '/v1/tasks/stats': (_, response) => response.writeHead(500, { 'content-type': 'text/html' }).end(page),
    '/v1/tasks?limit=1': (_, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"tasks":['),
    '/v1/tasks?limit=2': (_, response) => response.writeHead(302, { location: `${lure}/elsewhere` }).end(),
    '/v1/tasks?limit=3': (_, response) =>
      response
        .writeHead(200, {
          'content-type': 'application/json',
          'set-cookie': 'a=b',
          'x-inner-host': '10.0.0.7',
        })
        .end('{"tasks":[],"pagination":{"page":1,"limit":3,"total":0,"pages":0}}'),
  };
  const service = await listen((request, response) => {
    answers[request.url ?? '']?.(request, response);
  });
  const gateway = await platform.addGateway({ TASK_URL: service });
  const ask = (path: string) => call<ProblemBody>(`${gateway}${path}`, 'GET', undefined, bearer(ada.token));
  const [errorPage, brokenJson] = [await ask('/v1/tasks/stats'), await ask('/v1/tasks?limit=1')];
  await send('/v1/tasks?limit=2', { headers: bearer(ada.token), redirect: 'manual' }, gateway);
  const rest = await ask('/v1/tasks?limit=3');

  for (const { status, body } of [errorPage, brokenJson]) {
    expect([status, body.code]).toEqual([503, 'service_unavailable']);
    expect(JSON.stringify(body)).not.toContain('10.0.0.7');
  }
  expect(asked).toEqual([]);
  expect([rest.status, rest.headers.get('set-cookie'), rest.headers.get('x-inner-host')]).toEqual([
    200,
    null,
    null,
  ]);
});
