import { once } from 'node:events';
import { createServer, get, type IncomingMessage, request as ask } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { ProblemBody } from '@taskwire/contracts';
import { AccessTokenVerifier, type ProblemError } from '@taskwire/service';
import { WebSocket } from 'ws';
import { Origins } from '../http/origins.js';
import type { AnsweredRequest, RequestIds } from '../http/request-log.js';
import { entry, FeedInMemory } from './feed.fixture.js';
import { LiveConnections, type LiveConnectionsOptions } from './live-connections.js';
import { LiveDesk } from './live-desk.js';
import { LIVE_SOCKET_PATH, LiveSocket } from './live-socket.js';
import { ServerSentEvents } from './server-sent-events.js';
import { Tickets } from './tickets.js';
import { UsedTicketsInMemory } from './used-tickets.js';

export const USER = '0b4c6f5e-3f0e-7c55-9d0a-4f7f5b1f3c11';

const noSource = { follow: () => Promise.resolve(), unfollow: () => undefined };
const noKeys = { find: () => Promise.reject(new Error('nobody comes with an access token')) };
const noExchange = (authorization: string | undefined) => Promise.resolve(authorization);

/** Live connections of one user, over HTTP, and their clients. */
export class LiveServer {
  readonly feed = new FeedInMemory();
  readonly revoked = new Set<string>();
  readonly logged: (AnsweredRequest & RequestIds)[] = [];
  readonly errors: unknown[] = [];
  /** Resolves when it is known which sessions have ended. */
  known: Promise<void> = Promise.resolve();
  readonly connections: LiveConnections;
  private readonly revocations = {
    has: (session: string) => this.revoked.has(session),
    complete: false,
    known: () => this.known,
  };
  private readonly tickets = new Tickets('a secret of thirty-two characters', new UsedTicketsInMemory());
  private readonly desk: LiveDesk;
  private readonly server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://gateway');
    const credentials = {
      ticket: searchParams.get('ticket') ?? '',
      authorization: undefined,
      lastEventId: request.headers['last-event-id'],
    };
    this.desk
      .enter(credentials, () => undefined)
      .then(
        (who) => this.desk.connect(who, new ServerSentEvents(response, { 'x-kept': 'yes' })),
        (error: ProblemError) => response.writeHead(error.status).end(),
      );
  });

  constructor(options: LiveConnectionsOptions = {}) {
    const isRevoked = (session: string) => this.revoked.has(session);
    this.connections = new LiveConnections(isRevoked, { beatMs: 50, checkMs: 20, ...options });
    const { tickets, connections, feed } = this;
    const tokens = new AccessTokenVerifier(noKeys, this.revocations);
    this.desk = new LiveDesk(tickets, tokens, noExchange, connections, feed, noSource);
  }

  async start(): Promise<this> {
    new LiveSocket({
      desk: this.desk,
      admitAddress: () => Promise.resolve(),
      origins: new Origins(['https://app.example.org'], true),
      log: (answered, ids) => this.logged.push({ ...answered, ...ids }),
      onError: (error) => this.errors.push(error),
    }).attach(this.server);
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  async stop(): Promise<void> {
    this.connections.closeAll('shutdown');
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** How many clients are. */
  connected(): Promise<number> {
    return promisify(this.server.getConnections.bind(this.server))();
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  append(number: number, title = entry(number).title): void {
    const appended = { ...entry(number), title };
    this.feed.entries.push(appended);
    this.connections.deliver({ userId: USER, entry: appended });
  }

  ticket(expiresInMs = 600_000): string {
    return this.tickets.issue({
      userId: USER,
      sessionId: USER,
      expiresAt: new Date(Date.now() + expiresInMs),
    });
  }

  async openStream(headers: Record<string, string> = {}, ticket = this.ticket()) {
    const request = get(`http://${this.address}/v1/live?ticket=${ticket}`, { headers });
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

  async openSocket(query = `?ticket=${this.ticket()}`) {
    const socket = new WebSocket(`ws://${this.address}${LIVE_SOCKET_PATH}${query}`);
    const messages: { id: number; event?: string }[] = [];
    socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as { id: number }));
    socket.on('error', () => undefined);
    const until = async (count: number) => {
      while (messages.length < count) await once(socket, 'message');
      return messages;
    };
    return { socket, until };
  }

  /** What a handshake is answered that is refused. */
  async refusal(path: string, headers: Record<string, string> = {}) {
    const request = ask(`http://${this.address}${path}`, {
      headers: { connection: 'upgrade', upgrade: 'websocket', ...headers },
    }).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
    return { headers: response.headers, text };
  }
}

export function problemIn({ text }: { readonly text: string }): ProblemBody {
  return ProblemBody.parse(JSON.parse(text));
}
