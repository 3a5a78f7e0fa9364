import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Feed, Notification } from '@taskwire/contracts';
import type { AccessTokenVerifier } from '@taskwire/service';
import { WebSocket } from 'ws';
import type { FeedReader } from './feed-reader.js';
import { LiveConnections, MAX_CONNECTIONS_PER_USER } from './live-connections.js';
import { LiveDesk } from './live-desk.js';
import { LIVE_SOCKET_PATH, LiveSocket } from './live-socket.js';
import { ServerSentEvents } from './server-sent-events.js';
import { Tickets } from './tickets.js';
import { UsedTicketsInMemory } from './used-tickets.js';

const USER = '0b4c6f5e-3f0e-7c55-9d0a-4f7f5b1f3c11';
const revoked = new Set<string>();

function entry(number: number): Notification {
  const id = `0b4c6f5e-3f0e-7c55-9d0a-${String(number).padStart(12, '0')}`;
  const createdAt = '2026-11-21T10:00:00.000Z';
  return { id, number, kind: 'task_created', taskId: null, title: 'Ä "quoted"', createdAt, readAt: null };
}

class FeedInMemory implements FeedReader {
  readonly entries: Notification[] = [];
  read(_userId: string, after: number): Promise<Feed> {
    const entries = this.entries.filter(({ number }) => number > after);
    return Promise.resolve({ entries, more: false, last: this.entries.length });
  }
  position(): Promise<number> {
    return Promise.resolve(this.entries.length);
  }
}

let feed: FeedInMemory;
let tickets: Tickets;
let connections: LiveConnections;
let server: Server;
let address: string;

beforeEach(async () => {
  feed = new FeedInMemory();
  tickets = new Tickets('a secret of thirty-two characters', new UsedTicketsInMemory());
  connections = new LiveConnections((session) => revoked.has(session), { beatMs: 50, checkMs: 20 });
  const desk = new LiveDesk(tickets, {} as AccessTokenVerifier, connections, feed);
  server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://gateway');
    const credentials = {
      ticket: searchParams.get('ticket') ?? '',
      authorization: undefined,
      lastEventId: request.headers['last-event-id'],
    };
    desk.enter(credentials).then(
      (who) => desk.connect(who, new ServerSentEvents(response, { 'x-kept': 'yes' })),
      () => response.writeHead(401).end(),
    );
  });
  new LiveSocket(desk, () => Promise.resolve()).attach(server);
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
    await until(`: closed, ${reason}`);
    if (!response.complete) await once(response, 'end');
  });

  it('lets a user have so many connections and no more, until one ends', async () => {
    const open = [];
    for (let i = 0; i < MAX_CONNECTIONS_PER_USER; i += 1) open.push(await openStream());
    expect((await openStream()).response.statusCode).toBe(401);

    open[0]?.response.destroy();
    while (!connections.hasRoom(USER)) await new Promise((resolve) => setImmediate(resolve));
    expect((await openStream()).response.statusCode).toBe(200);
  });
});

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

  it('closes with 4401 when the session ends', async () => {
    const { socket, until } = await openSocket();
    await until(1);
    revoked.add(USER);
    const [code] = (await once(socket, 'close')) as [number];

    expect(code).toBe(4401);
  });

  it('closes a client that says anything long', async () => {
    const { socket, until } = await openSocket();
    await until(1);
    socket.send('x'.repeat(2_000));
    const [code] = (await once(socket, 'close')) as [number];

    expect(code).toBe(1009);
  });

  it.each([
    ['without a ticket', '', 401],
    ['with a forged ticket', '?ticket=forged', 401],
    ['with a last event id that is none', '?ticket=x&lastEventId=soon', 400],
  ])('refuses a client %s', async (_what, query, status) => {
    const { socket } = await openSocket(query);
    const [error] = (await once(socket, 'error')) as [Error];

    expect(error.message).toContain(String(status));
  });
});
