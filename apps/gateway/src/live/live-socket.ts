import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { LiveQuery } from '@taskwire/contracts';
import { checkedQuery, inServerSpan, ProblemError, rawProblem } from '@taskwire/service';
import { currentTraceId } from '@taskwire/telemetry';
import { WebSocketServer } from 'ws';
import type { Origins } from '../http/origins.js';
import type { RequestLog } from '../http/request-log.js';
import type { LiveDesk } from './live-desk.js';
import { WebSocketTransport } from './web-socket-transport.js';

export const LIVE_SOCKET_PATH = '/v1/live/ws';
/** Clients have nothing to say. */
const MAX_INCOMING_BYTES = 1_024;

export interface LiveSocketParts {
  readonly desk: LiveDesk;
  readonly admitAddress: (request: IncomingMessage) => Promise<void>;
  readonly origins: Origins;
  readonly log: RequestLog;
  /** Hears of errors that nobody expected. */
  readonly onError: (error: unknown) => void;
}

/** Serves live events as a WebSocket on an HTTP server. */
export class LiveSocket {
  private readonly sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_INCOMING_BYTES,
    perMessageDeflate: false,
  });

  constructor(private readonly parts: LiveSocketParts) {}

  attach(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      const work = () => this.answer(request, socket, head);
      // One client must not be able to end the process, whatever it finds.
      inServerSpan(`GET ${LIVE_SOCKET_PATH}`, request.headers, work).catch((error: unknown) => {
        this.parts.onError(error);
        socket.destroy();
      });
    });
  }

  private async answer(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const startedAt = performance.now();
    // Two slashes, for one, are no URL.
    const url = URL.parse(request.url ?? '/', 'http://gateway');
    const isHere = url?.pathname === LIVE_SOCKET_PATH;
    let userId: string | null = null;
    let status = 101;
    try {
      if (!isHere) throw new ProblemError('not_found', 'there is no such path');
      await this.upgrade(request, socket, head, url.searchParams, (user) => (userId = user));
    } catch (error) {
      status = this.refuse(socket, error);
    }
    const route = isHere ? LIVE_SOCKET_PATH : '(unmatched)';
    const durationMs = performance.now() - startedAt;
    const ids = { requestId: undefined, traceId: currentTraceId() };
    this.parts.log({ method: request.method ?? '', route, status, durationMs, userId }, ids);
  }

  private async upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    query: URLSearchParams,
    known: (userId: string) => void,
  ): Promise<void> {
    const { desk, admitAddress, origins } = this.parts;
    await admitAddress(request);
    origins.demand(request.headers);
    const { ticket = '', lastEventId } = checkedQuery(LiveQuery, valuesOf(query));
    const entry = await desk.enter({ ticket, authorization: undefined, lastEventId }, known);
    let isConnected = false;
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
      isConnected = true;
      desk.connect(entry, new WebSocketTransport(webSocket));
    });
    // It answers a handshake that is none by itself, and says nothing of a client that is gone.
    if (!isConnected) entry.leave();
  }

  private refuse(socket: Duplex, error: unknown): number {
    const problem =
      error instanceof ProblemError ? error : new ProblemError('internal', undefined, { cause: error });
    if (problem.code === 'internal') this.parts.onError(error);
    socket.end(rawProblem(problem), () => socket.destroy());
    return problem.status;
  }
}

/** As Fastify gives a query: what is there more than once is a list. */
function valuesOf(query: URLSearchParams): Record<string, string | string[]> {
  const names = new Set(query.keys());
  return Object.fromEntries(
    [...names].map((name) => {
      const [first = '', ...others] = query.getAll(name);
      return [name, others.length === 0 ? first : [first, ...others]];
    }),
  );
}
