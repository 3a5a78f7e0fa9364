import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { Controller, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ProblemBody, route } from '@taskwire/contracts';
import { InfrastructureError } from '@taskwire/messaging';
import { createLogger, startTelemetry, type Telemetry } from '@taskwire/telemetry';
import { Client } from 'pg';
import { z } from 'zod';
import { AccessTokenVerifier } from '../access/access-token-verifier.js';
import { Caller } from '../access/caller.js';
import { PublishedKeys } from '../access/published-keys.js';
import { issueToken, type KeyServer, makeKey, serveKeys, type TestKey } from '../access/tokens.fixture.js';
import { ServiceClients } from '../clients/service-clients.js';
import { createHttpApp } from '../http-server.js';
import { CONFIG } from '../tokens.js';
import { ProblemError } from './problem-error.js';
import { Body, InternalRoute, Params, Query, Route } from './route.js';

const INTERNAL_TOKEN = 'internal-token-of-the-tests-0123456789';
const service = 'task';
const success = { status: 200 };
const Thing = z.strictObject({ name: z.string().min(1), tags: z.array(z.string()).default([]) });
const things = {
  create: route('POST', '/v1/things', {
    ...{ summary: '', service, kind: 'command', access: 'public', body: Thing },
    success: { status: 201 },
  }),
  list: route('GET', '/v1/things', {
    ...{ summary: '', service, kind: 'read', access: 'public', success },
    query: z.object({ page: z.coerce.number().int().min(1).default(1) }),
  }),
  get: route('GET', '/v1/things/{id}', {
    ...{ summary: '', service, kind: 'read', access: 'public', params: z.object({ id: z.uuid() }), success },
  }),
  me: route('GET', '/v1/me', { summary: '', service, kind: 'read', success }),
  admin: route('GET', '/v1/admin', { summary: '', service, kind: 'read', access: 'admin', success }),
  fail: route('GET', '/v1/fail/{how}', {
    ...{ summary: '', service, kind: 'read', access: 'public', success },
  }),
};

@Controller()
class Things {
  @Route(things.create)
  create(@Body() body: unknown) {
    return body;
  }

  @Route(things.list)
  list(@Query() query: unknown) {
    return query;
  }

  @Route(things.get)
  get(@Params() { id }: { id: string }) {
    return { id };
  }

  @Route(things.me)
  me(@Caller() { userId }: Caller) {
    return { userId };
  }

  @Route(things.admin)
  admin() {
    return {};
  }

  @Route(things.fail)
  async fail(@Params() { how }: { how: string }) {
    if (how === 'database') await new Client({ host: '127.0.0.1', port: 1 }).connect();
    if (how === 'store') throw new InfrastructureError('connection to 10.0.0.7 lost');
    if (how === 'rule') {
      throw new ProblemError('version_conflict', 'it is at 3', { headers: { 'retry-after': '9' } });
    }
    throw new Error('password of the database is hunter2');
  }

  @InternalRoute('POST', '/internal/things')
  internal(@Body() body: unknown) {
    return Thing.parse(body);
  }
}

let telemetry: Telemetry;
let key: TestKey;
let server: KeyServer;
let services: ServiceClients;
let app: NestFastifyApplication;
let url: string;
const lines: string[] = [];

beforeAll(async () => {
  telemetry = startTelemetry({ service: 'test', env: {} });
  key = await makeKey();
  server = await serveKeys(key);
  services = new ServiceClients({ auth: server.url }, INTERNAL_TOKEN);
  const tokens = new AccessTokenVerifier(new PublishedKeys(services), new Set());
  const providers = [
    { provide: AccessTokenVerifier, useValue: tokens },
    { provide: CONFIG, useValue: { INTERNAL_TOKEN } },
  ];
  @Module({ controllers: [Things], providers })
  class TestModule {}
  const destination = { write: (line: string) => lines.push(line) };
  app = await createHttpApp('task', TestModule, createLogger({ service: 'task', env: {}, destination }));
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});

afterAll(async () => {
  await app.close();
  await services.close();
  await server.close();
  await telemetry.shutdown();
});

async function problemOf(path: string, init: RequestInit = {}) {
  const response = await fetch(`${url}${path}`, init);
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const body = ProblemBody.parse(await response.json());
  expect(body).toMatchObject({ status: response.status, type: `/docs/errors/${body.code}` });
  expect(body.traceId).toMatch(/^[0-9a-f]{32}$/);
  return { ...body, headers: response.headers };
}

const json = (body: string): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body,
});

const bearer = (token: string, init: RequestInit = {}): RequestInit => ({
  ...init,
  headers: { ...init.headers, authorization: `Bearer ${token}` },
});

describe('a request that is not as its contract says', () => {
  it('is answered with every fault and where it is', async () => {
    const { code, errors } = await problemOf('/v1/things', json('{"name":"","tags":["a",2],"a/b":1}'));

    expect(code).toBe('validation_failed');
    expect(errors?.map(({ pointer }) => pointer).sort()).toEqual(['/a~1b', '/name', '/tags/1']);
  });

  it('is answered with the query parameter or path parameter that is wrong', async () => {
    expect((await problemOf('/v1/things?page=0')).errors).toMatchObject([{ pointer: '/query/page' }]);
    expect((await problemOf('/v1/things?page=1&page=2')).errors).toMatchObject([{ pointer: '/query/page' }]);
    expect((await problemOf('/v1/things/abc')).errors).toMatchObject([{ pointer: '/path/id' }]);
  });

  it.each([
    ['malformed JSON', json('{"name":'), 'bad_request', 400],
    ['an empty body', json(''), 'bad_request', 400],
    ['no object', json('[1]'), 'validation_failed', 400],
    ['a poisoned prototype', json('{"__proto__":{"admin":true},"name":"x"}'), 'bad_request', 400],
    ['no body at all', { method: 'POST' }, 'validation_failed', 400],
    ['a body above the limit', json(`{"name":"${'x'.repeat(1024 * 1024)}"}`), 'body_too_large', 413],
    ['text', { method: 'POST', body: 'name=x' }, 'unsupported_media_type', 415],
    ['a form', { method: 'POST', body: new URLSearchParams('name=x') }, 'unsupported_media_type', 415],
  ])('with %s is refused', async (_, init, code, status) => {
    expect(await problemOf('/v1/things', init)).toMatchObject({ code, status });
  });

  it('reaches the handler as its schema parsed it, with defaults', async () => {
    const response = await fetch(`${url}/v1/things`, json('{"name":"x"}'));

    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ name: 'x', tags: [] });
  });
});

describe('a path', () => {
  it('that does not exist is not found', async () => {
    expect(await problemOf('/v1/nothing?token=secret')).toMatchObject({ code: 'not_found', status: 404 });
  });

  it('with another method tells which it has', async () => {
    const problem = await problemOf('/v1/things', { method: 'DELETE' });

    expect(problem.code).toBe('method_not_allowed');
    expect(problem.headers.get('allow')).toBe('GET, HEAD, POST');
  });

  it('that cannot be decoded is a malformed request, which no trace follows', async () => {
    const response = await fetch(`${url}/v1/things/%zz`);

    expect(response.status).toBe(400);
    expect(ProblemBody.parse(await response.json())).toMatchObject({ code: 'bad_request', traceId: '' });
  });

  it('takes ids as long as those of operations', async () => {
    expect(await problemOf(`/v1/things/${'a'.repeat(900)}`)).toMatchObject({ code: 'validation_failed' });
  });
});

describe('a failing handler', () => {
  it('tells nobody what went wrong, but the log', async () => {
    const { code, detail, traceId } = await problemOf('/v1/fail/unexpectedly');

    expect({ code, detail }).toEqual({ code: 'internal', detail: undefined });
    const line = lines.find((one) => one.includes(traceId)) ?? '';
    expect(JSON.parse(line)).toMatchObject({
      level: 'error',
      err: { stack: expect.stringContaining('fail') },
    });
  });

  it.each(['store', 'database'])('that lost its %s is unavailable, without names of hosts', async (how) => {
    const problem = await problemOf(`/v1/fail/${how}`);

    expect(problem).toMatchObject({ code: 'service_unavailable', status: 503 });
    expect(JSON.stringify(problem)).not.toMatch(/10\.0\.0\.7|127\.0\.0\.1/);
  });

  it('may choose problem, detail and headers', async () => {
    const problem = await problemOf('/v1/fail/rule');

    expect(problem).toMatchObject({ code: 'version_conflict', status: 412, detail: 'it is at 3' });
    expect(problem.headers.get('retry-after')).toBe('9');
  });

  it('continues the trace of who called', async () => {
    const trace = randomUUID().replaceAll('-', '');
    const { traceId } = await problemOf('/v1/fail/rule', {
      headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` },
    });

    expect(traceId).toBe(trace);
  });
});

describe('access', () => {
  it('needs a token, unless the route is public', async () => {
    const problem = await problemOf('/v1/me');

    expect(problem.code).toBe('unauthenticated');
    expect(problem.headers.get('www-authenticate')).toBe('Bearer');
    const sub = randomUUID();
    const response = await fetch(`${url}/v1/me`, bearer(await issueToken(key, { claims: { sub } })));
    expect(await response.json()).toEqual({ userId: sub });
  });

  it('to admin routes needs the role', async () => {
    expect((await problemOf('/v1/admin', bearer(await issueToken(key)))).code).toBe('forbidden');
    const admin = await issueToken(key, { claims: { roles: ['user', 'admin'] } });
    expect((await fetch(`${url}/v1/admin`, bearer(admin))).status).toBe(200);
  });

  it('is checked before anything is said about the rest of the request', async () => {
    expect((await problemOf('/internal/things', json('{}'))).code).toBe('unauthenticated');
  });

  it('to internal routes needs the token of the platform; no user has it', async () => {
    const user = await issueToken(key, { claims: { roles: ['user', 'admin', 'operator'] } });
    expect((await problemOf('/internal/things', bearer(user, json('{}')))).code).toBe('unauthenticated');

    const problem = await problemOf('/internal/things', bearer(INTERNAL_TOKEN, json('{"name":1}')));
    expect(problem).toMatchObject({ code: 'validation_failed', errors: [{ pointer: '/name' }] });
    const response = await fetch(
      `${url}/internal/things`,
      bearer(INTERNAL_TOKEN, json('{"name":"x","tags":[]}')),
    );
    expect(response.status).toBe(200);
  });
});

describe('what is no HTTP request', () => {
  it.each([
    ['nonsense', 'nonsense\r\n\r\n', 400, 'bad_request'],
    [
      'headers above the limit',
      `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
  ])('is answered and disconnected: %s', async (_, sent, status, code) => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(sent));
      const chunks: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.on('end', () => resolve(Buffer.concat(chunks).toString()));
      socket.on('error', reject);
      socket.setTimeout(5_000, () => socket.destroy(new Error('not disconnected')));
    });

    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain(`"code":"${code}"`);
  });
});
