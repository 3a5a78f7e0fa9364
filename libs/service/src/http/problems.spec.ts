import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ProblemBody } from '@taskwire/contracts';
import { startTestApp, type TestApp } from './test-app.fixture.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

describe('a path', () => {
  it('that does not exist is not found', async () => {
    expect(await app.problemOf('/v1/nothing?token=secret')).toMatchObject({ code: 'not_found', status: 404 });
  });

  it('with another method tells which it has', async () => {
    const problem = await app.problemOf('/v1/things', { method: 'DELETE' });

    expect(problem.code).toBe('method_not_allowed');
    expect(problem.headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST');
  });

  it.each(['/v1/things', '/v1/things?any=1'])(
    'that is asked for its methods lists them: %s',
    async (path) => {
      const response = await fetch(`${app.url}${path}`, { method: 'OPTIONS' });

      expect(response.status).toBe(204);
      expect(response.headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST');
    },
  );

  it('that does not exist has no methods', async () => {
    expect(await app.problemOf('/v1/nothing', { method: 'OPTIONS' })).toMatchObject({ code: 'not_found' });
  });

  it.each(['%zz', '%E0%A4%A'])('that cannot be decoded is a malformed request: %s', async (id) => {
    const { code, traceId } = await app.problemOf(`/v1/things/${id}`);

    expect(code).toBe('bad_request');
    expect(app.lines.join('')).toContain(traceId);
  });

  it('takes ids as long as those of operations', async () => {
    expect(await app.problemOf(`/v1/things/${'a'.repeat(900)}`)).toMatchObject({ code: 'validation_failed' });
  });
});

describe('a failing handler', () => {
  it('tells nobody what went wrong, but the log', async () => {
    const { code, detail, traceId } = await app.problemOf('/v1/fail/unexpectedly');

    expect({ code, detail }).toEqual({ code: 'internal', detail: undefined });
    const line = app.lines.find((one) => one.includes(traceId)) ?? '';
    expect(JSON.parse(line)).toMatchObject({
      level: 'error',
      err: { stack: expect.stringContaining('fail') },
    });
  });

  it.each(['store', 'database'])('that lost its %s is unavailable, without names of hosts', async (how) => {
    const problem = await app.problemOf(`/v1/fail/${how}`);

    expect(problem).toMatchObject({ code: 'service_unavailable', status: 503 });
    expect(JSON.stringify(problem)).not.toMatch(/10\.0\.0\.7|127\.0\.0\.1/);
  });

  it('may choose problem, detail and headers', async () => {
    const problem = await app.problemOf('/v1/fail/rule');

    expect(problem).toMatchObject({ code: 'version_conflict', status: 412, detail: 'it is at 3' });
    expect(problem.headers.get('retry-after')).toBe('9');
  });

  it('continues the trace of who called', async () => {
    const trace = randomUUID().replaceAll('-', '');
    const { traceId } = await app.problemOf('/v1/fail/rule', {
      headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` },
    });

    expect(traceId).toBe(trace);
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
    [
      'endless extensions of a chunk',
      `POST /v1/things HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n1;${'y'.repeat(20_000)}\r\n`,
      413,
      'body_too_large',
    ],
  ])('is answered and disconnected: %s', async (_, sent, status, code) => {
    const answer = await answerTo(sent, Number(new URL(app.url).port));

    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    const [, body = ''] = answer.split('\r\n\r\n');
    const problem = ProblemBody.parse(JSON.parse(body));
    expect(problem).toMatchObject({ status, code, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(app.lines.join('')).toContain(problem.traceId);
  });
});

/** All that is answered until the connection is ended. */
function answerTo(sent: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(sent));
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => resolve(Buffer.concat(chunks).toString()));
    socket.on('error', reject);
    socket.setTimeout(5_000, () => socket.destroy(new Error('not disconnected')));
  });
}
