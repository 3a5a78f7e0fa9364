import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startTelemetry } from '@taskwire/telemetry';
import { ProblemError } from '../http/problem-error.js';
import { ServiceClients } from './service-clients.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let answer: Answer;
let requests: IncomingMessage[];
let clients: ServiceClients;

const ok: Answer = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"fine":true}');
};

beforeEach(async () => {
  requests = [];
  answer = ok;
  server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  clients = new ServiceClients({ task: url }, 'internal-token');
});
afterEach(async () => {
  await clients.close();
  server.closeAllConnections();
  server.close();
});

const ask = (options: { deadlineMs?: number; token?: string; internal?: boolean } = {}) =>
  clients.get('task').request({ method: 'GET', path: '/v1/tasks', ...options });

async function problemOf(call: Promise<unknown>): Promise<ProblemError> {
  const result = await call.catch((error: unknown) => error);
  if (result instanceof ProblemError) return result;
  throw new Error('the call succeeded');
}

describe('a call of another service', () => {
  it('sends JSON and the query, and answers status, headers and parsed body', async () => {
    answer = (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { url, method, headers } = request;
        const type = headers['content-type'];
        response.writeHead(201, { 'content-type': 'application/json', etag: '"1"' });
        response.end(JSON.stringify({ url, method, type, body: Buffer.concat(chunks).toString() }));
      });
    };
    const made = await clients.get('task').request({
      ...{ method: 'POST', path: '/v1/tasks', query: { q: 'a&b' }, body: { title: 'ü' } },
    });

    expect(made).toMatchObject({ status: 201, headers: { etag: '"1"' } });
    expect(made.body).toEqual({
      ...{ url: '/v1/tasks?q=a%26b', method: 'POST', type: 'application/json', body: '{"title":"ü"}' },
    });
  });

  it('carries the token of the caller, or of the platform', async () => {
    await ask();
    await ask({ token: 'of-the-caller' });
    await ask({ internal: true });

    expect(requests.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      'Bearer of-the-caller',
      'Bearer internal-token',
    ]);
  });

  it('continues the trace', async () => {
    const telemetry = startTelemetry({ service: 'test', env: {} });
    const span = trace.getTracer('test').startSpan('outer');
    await context.with(trace.setSpan(context.active(), span), () => ask());
    await telemetry.shutdown();

    expect(requests[0]?.headers.traceparent).toContain(span.spanContext().traceId);
  });

  it('keeps its connections', async () => {
    for (let n = 0; n < 5; n += 1) await ask();

    expect(new Set(requests.map(({ socket }) => socket.remotePort)).size).toBeLessThanOrEqual(2);
  });

  it('answers problems of the service as answers', async () => {
    answer = (_request, response) => {
      response.writeHead(404, { 'content-type': 'application/problem+json' }).end('{"code":"not_found"}');
    };

    expect(await ask()).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it('without an answer ends at its deadline', async () => {
    answer = () => undefined;

    expect((await problemOf(ask({ deadlineMs: 100 }))).code).toBe('timeout');
  });

  it('with an answer that does not end, ends at its deadline', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"endless":');
    };

    expect((await problemOf(ask({ deadlineMs: 100 }))).code).toBe('timeout');
  });

  it.each<[string, Answer]>([
    ['a connection that is cut', (request) => request.socket.destroy()],
    [
      'an answer that is cut',
      (request, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{');
        setImmediate(() => request.socket.destroy());
      },
    ],
    [
      'an answer that is no JSON though it says so',
      (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('<html>'),
    ],
  ])('is unavailable after %s', async (_, broken) => {
    answer = broken;
    const problem = await problemOf(ask());

    expect(problem).toMatchObject({ code: 'service_unavailable', headers: { 'retry-after': '1' } });
    expect(problem.detail).not.toContain('127.0.0.1');
  });
});

describe('the circuit breaker', () => {
  const cut: Answer = (request) => request.socket.destroy();

  it('stops asking a service that failed several times in a row', async () => {
    answer = cut;
    for (let n = 0; n < 10; n += 1) expect((await problemOf(ask())).code).toBe('service_unavailable');

    expect(requests).toHaveLength(5);
  });

  it('does not mind failures between successes, or problems', async () => {
    for (let n = 0; n < 12; n += 1) {
      answer = n % 3 === 0 ? ok : cut;
      await ask().catch(() => undefined);
    }
    answer = (_request, response) => response.writeHead(500).end();
    for (let n = 0; n < 8; n += 1) await ask();

    // Four good ones, eight that failed and were asked once more, eight problems.
    expect(requests).toHaveLength(4 + 2 * 8 + 8);
  });
});
