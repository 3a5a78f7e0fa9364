import type { OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '@taskwire/telemetry';
import { until } from '@taskwire/testing';
import { fastify, type FastifyInstance } from 'fastify';
import { ClientAddresses } from '../limits/client-address.js';
import { Capacity } from '../limits/capacity.js';
import { Limits } from '../limits/limits.js';
import { RateLimit } from '../limits/rate-limit.js';
import { ServerSentEvents } from '../live/server-sent-events.js';
import { UsageRecorder } from '../usage/usage-recorder.js';
import { addHooks } from './hooks.js';
import { factsOf } from './request-facts.js';
import { requestLog } from './request-log.js';

const nothing = () => undefined;

let app: FastifyInstance;
let lines: string[];
let published: unknown[];
let usage: UsageRecorder;
/** Answers wait for it, and so many do. */
let gate: Promise<unknown>;
let waiting: number;
/** Ends the stream that was opened last. */
let end: () => void;

beforeEach(async () => {
  lines = [];
  published = [];
  end = nothing;
  const publish = (_contract: unknown, payload: unknown) => {
    published.push(payload);
    return Promise.resolve();
  };
  usage = new UsageRecorder({ publish }, () => undefined);
  const limits = new Limits({
    ip: new RateLimit('ip', 3),
    user: new RateLimit('user', 3),
    token: new RateLimit('token', 3),
    addresses: new ClientAddresses(''),
    exemptToken: undefined,
  });
  const destination = { write: (line: string) => void lines.push(line) };
  const log = requestLog(createLogger({ service: 'gateway', env: {}, destination }));
  app = fastify({ exposeHeadRoutes: false });
  addHooks(app, { limits, capacity: new Capacity(2), usage, log });
  gate = Promise.resolve();
  waiting = 0;
  for (const url of ['/v1/tasks', '/v1/tasks/:id', '/health/live']) {
    app.get(url, async () => {
      waiting += 1;
      await gate;
      return 'ok';
    });
  }
  app.get('/v1/slow', () => new Promise(nothing));
  app.get('/v1/live', async (request, reply) => {
    factsOf(request).userId = 'ada';
    reply.hijack();
    const stream = new ServerSentEvents(reply.raw, { ...reply.getHeaders() } as OutgoingHttpHeaders);
    stream.position(1);
    end = () => stream.close('shutdown');
  });
  for (const url of ['/v1/tasks', '/v1/auth/login']) app.post(url, async () => 'ok');
  await app.ready();
});
afterEach(async () => {
  await app.close();
  await usage.close();
});

describe('the request log', () => {
  it('has a line a request, with the pattern and without anything that may be secret', async () => {
    const authorization = 'Bearer secret-token';
    await app.inject({ url: '/v1/tasks/secret-id?ticket=secret-ticket', headers: { authorization } });
    await app.inject({ method: 'POST', url: '/v1/auth/login', payload: { password: 'secret-word' } });
    await app.inject({ url: '/secret-path' });
    const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>);

    expect(lines.join('')).not.toContain('secret');
    expect(logged.map(({ method, route, status }) => [method, route, status])).toEqual([
      ['GET', '/v1/tasks/{id}', 200],
      ['POST', '/v1/auth/login', 200],
      ['GET', '(unmatched)', 404],
    ]);
    expect(logged[0]).toMatchObject({ ms: expect.any(Number), requestId: expect.any(String), userId: null });
  });
});

describe('the request log of a request whose client does not wait', () => {
  it('has its line, and it is no answer that usage counts', async () => {
    const base = await app.listen({ host: '127.0.0.1', port: 0 });
    const asking = fetch(`${base}/v1/slow`, { signal: AbortSignal.timeout(200) });
    await expect(asking).rejects.toThrow(/timeout/);
    await until('the line', () => lines.length > 0);
    await usage.close();

    expect(JSON.parse(lines.join(''))).toMatchObject({ route: '/v1/slow', status: 499 });
    expect(published).toEqual([]);
  });
});

it('gives back the places of clients that have gone, also of those who did not wait for their first answer', async () => {
  const base = await app.listen({ host: '127.0.0.1', port: 0 });
  const answering = Promise.withResolvers<undefined>();
  gate = answering.promise;
  const socket = connect(Number(new URL(base).port), '127.0.0.1');
  socket.write('GET /v1/tasks HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(2));
  let asked = 0;
  const ask = () => app.inject({ url: '/v1/tasks', remoteAddress: `10.0.0.${(asked += 1)}` });
  await until('both requests', () => waiting === 2);
  expect((await ask()).statusCode).toBe(503);
  socket.destroy();
  await until('both lines', () => lines.filter((line) => line.includes('499')).length === 2);
  answering.resolve(undefined);

  expect((await ask()).statusCode).toBe(200);
});

describe('the request log of a live stream', () => {
  const open = async () => {
    const base = await app.listen({ host: '127.0.0.1', port: 0 });
    const aborted = new AbortController();
    const { status, body } = await fetch(`${base}/v1/live?ticket=secret-ticket`, { signal: aborted.signal });
    return { status, body: body?.getReader(), abort: () => aborted.abort() };
  };
  const line = async () => {
    await until('the line', () => lines.length > 0);
    expect(lines.join('')).not.toContain('secret');
    return JSON.parse(lines.join('')) as unknown;
  };
  const expected = { method: 'GET', route: '/v1/live', status: 200, userId: 'ada', ms: expect.any(Number) };

  it('has its line when the gateway ends it, with who had it and without its ticket', async () => {
    const { status } = await open();
    expect([status, lines]).toEqual([200, []]);
    end();

    expect(await line()).toMatchObject(expected);
  });

  it('has its line when the client goes', async () => {
    const { body, abort } = await open();
    await body?.read();
    expect(lines).toEqual([]);
    abort();

    expect(await line()).toMatchObject(expected);
  });
});

describe('usage', () => {
  it('is told of requests by pattern, not of health checks, nor of streams', async () => {
    for (const url of ['/v1/tasks/1', '/health/live']) await app.inject({ url });
    const stream = app.inject({ url: '/v1/live' });
    await until('the stream', () => end !== nothing);
    end();
    await stream;
    await usage.close();

    expect(published).toEqual([
      {
        method: 'GET',
        route: '/v1/tasks/{id}',
        status: 200,
        durationMs: expect.any(Number),
        weight: 1,
        userId: null,
        at: expect.any(String),
      },
    ]);
  });
});

describe('a write', () => {
  it('has its key in each answer, also in a refusal', async () => {
    const headers = { 'idempotency-key': '"order-17"' };
    const answers = [];
    for (let i = 0; i < 4; i += 1)
      answers.push(await app.inject({ method: 'POST', url: '/v1/tasks', headers }));

    expect(answers.map(({ headers: { 'idempotency-key': key } }) => key)).toEqual(Array(4).fill('order-17'));
    expect(answers.map(({ headers: { ratelimit } }) => ratelimit).at(-1)).toMatch(/^"ip";r=0;t=\d+$/);
    expect(lines.length).toBe(4);
  });

  it('with a key that is none does not run', async () => {
    const headers = { 'idempotency-key': 'two words' };
    const answer = await app.inject({ method: 'POST', url: '/v1/tasks', headers });

    expect(answer.body).not.toBe('ok');
  });
});
