import { once } from 'node:events';
import { createServer, get, type IncomingMessage, request as ask, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ProblemBody } from '@taskwire/contracts';
import type { AccessTokenVerifier, ProblemError } from '@taskwire/service';
import { startTelemetry, type Telemetry } from '@taskwire/telemetry';
import { WebSocket } from 'ws';
import { Origins } from '../http/origins.js';
import type { AnsweredRequest, RequestIds } from '../http/request-log.js';
import { entry, FeedInMemory } from './feed.fixture.js';
import { LiveConnections, MAX_CONNECTIONS_PER_USER } from './live-connections.js';
import { LiveDesk } from './live-desk.js';
import { LIVE_SOCKET_PATH, LiveSocket } from './live-socket.js';
import { ServerSentEvents } from './server-sent-events.js';
import { Tickets } from './tickets.js';
import { UsedTicketsInMemory } from './used-tickets.js';

const USER = '0b4c6f5e-3f0e-7c55-9d0a-4f7f5b1f3c11';
const revoked = new Set<string>();

let feed: FeedInMemory;
let tickets: Tickets;
let connections: LiveConnections;
let server: Server;
let logged: (AnsweredRequest & RequestIds)[];
let errors: unknown[];
let telemetry: Telemetry;
let address: string;

beforeAll(() => {
  telemetry = startTelemetry({ service: 'test', env: {} });
});
afterAll(() => telemetry.shutdown());

beforeEach(async () => {
  [logged, errors] = [[], []];
  feed = new FeedInMemory();
  tickets = new Tickets('a secret of thirty-two characters', new UsedTicketsInMemory());
  connections = new LiveConnections((session) => revoked.has(session), { beatMs: 50, checkMs: 20 });
  const noExchange = (authorization: string | undefined) => Promise.resolve(authorization);
  const desk = new LiveDesk(tickets, {} as AccessTokenVerifier, noExchange, connections, feed, {
    follow: () => Promise.resolve(),
    unfollow: () => undefined,
  });
  server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://gateway');
    const credentials = {
      ticket: searchParams.get('ticket') ?? '',
      authorization: undefined,
      lastEventId: request.headers['last-event-id'],
    };
    desk
      .enter(credentials, () => undefined)
      .then(
        (who) => desk.connect(who, new ServerSentEvents(response, { 'x-kept': 'yes' })),
        (error: ProblemError) => response.writeHead(error.status).end(),
      );
  });
  new LiveSocket({
    desk,
    admitAddress: () => Promise.resolve(),
    origins: new Origins(['https://app.example.org'], true),
    log: (answered, ids) => logged.push({ ...answered, ...ids }),
    onError: (error) => errors.push(error),
  }).attach(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  revoked.clear();
  connections.closeAll('shutdown');
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function append(number: number): void {
  feed.entries.push(entry(number));
  connections.deliver({ userId: USER, event: 'task.created.v1', entry: entry(number) });
}

function ticket(expiresInMs = 600_000, sessionId = USER): string {
  return tickets.issue({ userId: USER, sessionId, expiresAt: new Date(Date.now() + expiresInMs) });
}

async function openStream(headers: Record<string, string> = {}, withTicket = ticket()) {
  const request = get(`http://${address}/v1/live?ticket=${withTicket}`, { headers });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  response.on('error', () => undefined);
  const until = async (part: string) => {
    while (!text.includes(part)) await once(response, 'data');
    return text;
  };
  return { response, until };
}

async function openSocket(query = `?ticket=${ticket()}`) {
  const socket = new WebSocket(`ws://${address}${LIVE_SOCKET_PATH}${query}`);
  const messages: { id: number; event?: string }[] = [];
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as { id: number }));
  socket.on('error', () => undefined);
  const until = async (count: number) => {
    while (messages.length < count) await once(socket, 'message');
    return messages;
  };
  return { socket, until };
}

describe('server-sent events', () => {
  it('sends frames with the number, the event and the entry', async () => {
    feed.entries.push(entry(1));
    const { response, until } = await openStream();
    append(2);
    const text = await until('id: 2\n');

    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-kept': 'yes',
    });
    expect(text).toContain('id: 1\n\n');
    expect(text).toContain(`id: 2\nevent: task.created.v1\ndata: ${JSON.stringify(entry(2))}\n\n`);
  });

  it('brings what was missed after Last-Event-ID', async () => {
    feed.entries.push(entry(1), entry(2), entry(3));
    const { until } = await openStream({ 'last-event-id': '1' });
    const text = await until('id: 3\nevent');

    expect(text.match(/^id: \d+\nevent/gm)).toEqual(['id: 2\nevent', 'id: 3\nevent']);
  });

  it('beats while nothing happens', async () => {
    const { until } = await openStream();

    expect(await until(': beat')).toContain(': beat\n\n');
  });

  it('refuses a ticket that was used', async () => {
    const used = ticket();
    await openStream({}, used);

    expect((await openStream({}, used)).response.statusCode).toBe(401);
  });

  it.each([
    ['the session ends', 'revoked', () => void revoked.add(USER), ticket],
    ['the token expires', 'expired', () => undefined, () => ticket(300)],
    ['the gateway shuts down', 'shutdown', () => connections.closeAll('shutdown'), ticket],
  ])('ends when %s', async (_what, reason, happen, withTicket) => {
    const { response, until } = await openStream({}, withTicket());
    happen();
    const text = await until(`event: closed\ndata: {"reason":"${reason}"`);
    if (!response.complete) await once(response, 'end');

    // An EventSource waits so long, and who comes back from one gateway doesn't come all at once.
    const retries = text.match(/^retry: \d+/gm);
    expect(retries).toHaveLength(reason === 'shutdown' ? 2 : 1);
  });

  it('tells a client to read again what it shows when the feed no longer has what it missed', async () => {
    feed.entries.push(entry(7));
    const { until } = await openStream({ 'last-event-id': '2' });
    const text = await until('id: 7\nevent');

    expect(text).toContain('id: 6\nevent: reset\ndata: {"reason":"gone"}\n\nid: 7\nevent: task.created.v1\n');
  });

  it('lets a user have so many connections and no more, until one ends', async () => {
    const open = [];
    for (let i = 0; i < MAX_CONNECTIONS_PER_USER; i += 1) open.push(await openStream());
    const next = ticket();
    expect((await openStream({}, next)).response.statusCode).toBe(429);

    open[0]?.response.destroy();
    // The refused one may use its ticket once there is room.
    while ((await openStream({}, next)).response.statusCode !== 200) await nextTurn();
  });

  it('lets in no more of those who come at the same time', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    feed.held = promise;
    const opening = Array.from({ length: 40 }, () => openStream());
    setTimeout(resolve, 50);
    const statuses = (await Promise.all(opening)).map(({ response }) => response.statusCode);

    expect(statuses.filter((status) => status === 200)).toHaveLength(MAX_CONNECTIONS_PER_USER);
    expect(statuses.filter((status) => status === 429)).toHaveLength(40 - MAX_CONNECTIONS_PER_USER);
  });

  it('keeps no place for who could not be told where the feed is, and takes the ticket later', async () => {
    const tried = ticket();
    feed.lost = true;
    for (let i = 0; i <= MAX_CONNECTIONS_PER_USER; i += 1)
      expect((await openStream({}, tried)).response.statusCode).toBe(503);
    feed.lost = false;

    expect((await openStream({}, tried)).response.statusCode).toBe(200);
  });

  it('keeps no place for who has gone before there was anything to send', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    feed.held = promise;
    const gone = Array.from({ length: MAX_CONNECTIONS_PER_USER }, () =>
      get(`http://${address}/v1/live?ticket=${ticket()}`).on('error', () => undefined),
    );
    while ((await openStream()).response.statusCode !== 429) await nextTurn();
    for (const request of gone) request.destroy();
    resolve();

    const next = ticket();
    while ((await openStream({}, next)).response.statusCode !== 200) await nextTurn();
  });
});

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('the WebSocket', () => {
  it('says where it stands, then sends frames', async () => {
    feed.entries.push(entry(1));
    const { until } = await openSocket();
    await until(1);
    append(2);

    expect(await until(2)).toEqual([{ id: 1 }, { id: 2, event: 'task.created.v1', data: entry(2) }]);
  });

  it('brings what was missed after lastEventId', async () => {
    feed.entries.push(entry(1), entry(2));
    const { until } = await openSocket(`?ticket=${ticket()}&lastEventId=0`);

    expect((await until(3)).map(({ id }) => id)).toEqual([0, 1, 2]);
  });

  it('closes with 4401 when the session ends, and says why', async () => {
    const { socket, until } = await openSocket();
    await until(1);
    revoked.add(USER);
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer];

    expect([code, reason.toString()]).toEqual([4401, 'revoked']);
    expect((await until(2))[1]).toEqual({ event: 'closed', data: { reason: 'revoked' } });
  });

  it('says when to come back when the gateway shuts down', async () => {
    const { socket, until } = await openSocket();
    await until(1);
    connections.closeAll('shutdown');
    const [code] = (await once(socket, 'close')) as [number];

    expect(code).toBe(1001);
    expect((await until(2))[1]).toEqual({
      event: 'closed',
      data: { reason: 'shutdown', reconnectMs: expect.any(Number) },
    });
  });

  it.each([
    ['a page that is listed', 'https://app.example.org', 401],
    ['a page of its own', 'http://HOST', 401],
    ['a page of another origin', 'https://evil.example.org', 403],
    ['a page without an origin, such as a file', 'null', 403],
  ])('looks at the ticket of %s only where its origin may use the API', async (_what, origin, status) => {
    const path = `${LIVE_SOCKET_PATH}?ticket=forged`;
    const { text } = await answerTo(path, { origin: origin.replace('HOST', address) });

    expect(JSON.parse(text)).toMatchObject({ status });
  });

  it('closes a client that says anything long', async () => {
    const { socket, until } = await openSocket();
    await until(1);
    socket.send('x'.repeat(2_000));
    const [code] = (await once(socket, 'close')) as [number];

    expect(code).toBe(1009);
  });

  it.each([
    ['without a ticket', LIVE_SOCKET_PATH, 401, 'unauthenticated'],
    ['with a forged ticket', `${LIVE_SOCKET_PATH}?ticket=forged`, 401, 'unauthenticated'],
    ['with a last event id that is none', `${LIVE_SOCKET_PATH}?lastEventId=soon`, 400, 'validation_failed'],
    ['with a parameter that is none', `${LIVE_SOCKET_PATH}?token=secret`, 400, 'validation_failed'],
    ['at another path', '/v1/live/web', 404, 'not_found'],
  ])(
    'refuses a client %s, with a problem and a line in the request log',
    async (_what, path, status, code) => {
      const { headers, problem } = await refusal(path);

      expect(headers['content-type']).toBe('application/problem+json');
      expect(problem).toMatchObject({ status, code, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) });
      expect(problem.detail ?? problem.errors).toBeDefined();
      expect(logged).toMatchObject([{ method: 'GET', status, userId: null, traceId: problem.traceId }]);
      expect(JSON.stringify(logged)).not.toContain('secret');
    },
  );

  it('logs who connected', async () => {
    const { until } = await openSocket();
    await until(1);

    expect(logged).toMatchObject([{ route: LIVE_SOCKET_PATH, status: 101, userId: USER }]);
  });

  it('tells of an unexpected error in the log, and the client nothing of it', async () => {
    feed.held = Promise.reject(new Error('password of the feed'));
    const { problem } = await refusal(`${LIVE_SOCKET_PATH}?ticket=${ticket()}`);

    expect(problem).toMatchObject({ status: 500, code: 'internal' });
    expect(problem.detail).toBeUndefined();
    expect(errors).toMatchObject([{ message: 'password of the feed' }]);
  });

  it('keeps no place for a handshake that is none', async () => {
    for (let i = 0; i < MAX_CONNECTIONS_PER_USER; i += 1) {
      const path = `${LIVE_SOCKET_PATH}?ticket=${ticket()}`;
      await answerTo(path, { 'sec-websocket-version': '1' });
    }
    const { until } = await openSocket();
    await until(1);
  });
});

async function answerTo(path: string, headers: Record<string, string> = {}) {
  const request = ask(`http://${address}${path}`, {
    headers: { connection: 'upgrade', upgrade: 'websocket', ...headers },
  }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return { headers: response.headers, text };
}

async function refusal(path: string) {
  const { headers, text } = await answerTo(path);
  return { headers, problem: ProblemBody.parse(JSON.parse(text)) };
}
