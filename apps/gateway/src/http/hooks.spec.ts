import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '@taskwire/telemetry';
import { fastify, type FastifyInstance } from 'fastify';
import { ClientAddresses } from '../limits/client-address.js';
import { Limits } from '../limits/limits.js';
import { RateLimit } from '../limits/rate-limit.js';
import { UsageRecorder } from '../usage/usage-recorder.js';
import { addHooks } from './hooks.js';
import { factsOf } from './request-facts.js';
import { requestLog } from './request-log.js';

let app: FastifyInstance;
let lines: string[];
let published: unknown[];
let usage: UsageRecorder;

beforeEach(async () => {
  lines = [];
  published = [];
  const publish = (_contract: unknown, payload: unknown) => {
    published.push(payload);
    return Promise.resolve();
  };
  usage = new UsageRecorder({ publish }, () => undefined);
  const limits = new Limits({
    ip: new RateLimit('ip', 3),
    user: new RateLimit('user', 3),
    addresses: new ClientAddresses(''),
    exemptToken: undefined,
  });
  const destination = { write: (line: string) => void lines.push(line) };
  const log = requestLog(createLogger({ service: 'gateway', env: {}, destination }));
  app = fastify({ exposeHeadRoutes: false });
  addHooks(app, { limits, usage, log });
  for (const url of ['/v1/tasks', '/v1/tasks/:id', '/v1/live', '/health/live'])
    app.get(url, async () => 'ok');
  app.get('/v1/live/known', async (request) => {
    factsOf(request).userId = 'ada';
    return 'ok';
  });
  for (const url of ['/v1/tasks', '/v1/auth/login']) app.post(url, async () => 'ok');
  await app.ready();
});
afterEach(() => app.close());

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

describe('the request log of a route without a guard', () => {
  it('names who its handler has found to ask', async () => {
    await app.inject({ url: '/v1/live/known' });

    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ userId: 'ada', status: 200 });
  });
});

describe('usage', () => {
  it('is told of requests by pattern, not of health checks, nor of streams', async () => {
    for (const url of ['/v1/tasks/1', '/health/live', '/v1/live']) await app.inject({ url });
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
