import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { taskwire, type TaskwireOptions } from './index.js';

interface Seen {
  readonly method: string;
  readonly key: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

type Answer = (response: ServerResponse) => void;

let server: Server;
let seen: Seen[];
/** In turn; the last one goes on. */
let answers: Answer[];

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
};
const noAnswer: Answer = (response) => void response.destroy();
const busy = json(503, { code: 'bus_unavailable' }, { 'retry-after': '0' });

beforeEach(async () => {
  seen = [];
  server = createServer((request: IncomingMessage, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { authorization } = request.headers;
      const key = request.headers['idempotency-key'] as string | undefined;
      seen.push({ method: request.method ?? '', key, authorization, body });
      (answers.length > 1 ? answers.shift() : answers[0])?.(response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function client(options: Partial<TaskwireOptions> = {}) {
  const { port } = server.address() as AddressInfo;
  return taskwire({ baseUrl: `http://127.0.0.1:${port}`, token: () => 'a token', ...options });
}

const create = (options?: Partial<TaskwireOptions>) =>
  client(options).POST('/v1/tasks', { params: {}, body: { title: 'Buy milk' } });

describe('a command', () => {
  it('is sent again under the same key until it is answered', async () => {
    answers = [noAnswer, busy, json(201, { id: '1' })];
    const { data, response } = await create();

    expect([response.status, data]).toEqual([201, { id: '1' }]);
    expect(seen).toHaveLength(3);
    expect(seen[0]).toMatchObject({ method: 'POST', authorization: 'Bearer a token' });
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({ title: 'Buy milk' });
    expect(seen[0]?.key).toMatch(/^[\da-f-]{36}$/);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  it('keeps the key that it was given', async () => {
    answers = [json(201, {})];
    const params = { header: { 'Idempotency-Key': 'mine' } };
    await client().POST('/v1/tasks', { params, body: { title: 'A' } });

    expect(seen.map(({ key }) => key)).toEqual(['mine']);
  });

  it('that is refused is not sent again', async () => {
    answers = [json(409, { code: 'already_exists' })];

    expect((await create()).error).toMatchObject({ code: 'already_exists' });
    expect(seen).toHaveLength(1);
  });

  it('is given up when its time is over, with the last answer', async () => {
    answers = [json(503, { code: 'bus_unavailable' }, { 'retry-after': '1' })];
    const { response } = await create({ limitMs: 500 });

    expect([response.status, seen.length]).toEqual([503, 1]);
  });

  it('is not waited for longer than that either', async () => {
    answers = [() => undefined];

    await expect(create({ limitMs: 100 })).rejects.toThrow(/timeout/);
  });
});

describe('a read', () => {
  it('is repeated', async () => {
    answers = [busy, json(200, { total: 3 })];
    const { data } = await client().GET('/v1/tasks/stats');

    expect([data, seen.map(({ key }) => key)]).toEqual([{ total: 3 }, [undefined, undefined]]);
  });

  it('is not repeated when no repeats are wanted', async () => {
    answers = [busy];
    const { response } = await client({ limitMs: 0 }).GET('/v1/tasks/stats');

    expect([response.status, seen.length]).toEqual([503, 1]);
  });
});

describe('what carries credentials', () => {
  it('has no key, and is never repeated', async () => {
    answers = [busy];
    const { response } = await client({ token: () => undefined }).POST('/v1/auth/login', {
      body: { email: 'ada@example.org', password: 'correct horse' },
    });

    expect(response.status).toBe(503);
    expect(seen).toMatchObject([{ key: undefined, authorization: undefined }]);
  });
});
