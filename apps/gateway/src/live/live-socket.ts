import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { PROBLEMS } from '@taskwire/contracts';
import { ProblemError } from '@taskwire/service';
import { WebSocketServer } from 'ws';
import type { LiveDesk } from './live-desk.js';
import { WebSocketTransport } from './web-socket-transport.js';

export const LIVE_SOCKET_PATH = '/v1/live/ws';
/** Clients have nothing to say. */
const MAX_INCOMING_BYTES = 1_024;

/** Serves live events as a WebSocket on an HTTP server. */
export class LiveSocket {
  private readonly sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_INCOMING_BYTES,
    perMessageDeflate: false,
  });

  constructor(
    private readonly desk: LiveDesk,
    private readonly admitAddress: (request: IncomingMessage) => Promise<void>,
  ) {}

  attach(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      this.upgrade(request, socket, head).catch((error: unknown) => refuse(socket, error));
    });
  }

  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://gateway');
    if (pathname !== LIVE_SOCKET_PATH) throw new ProblemError('not_found');
    await this.admitAddress(request);
    const entry = await this.desk.enter({
      ticket: searchParams.get('ticket') ?? '',
      authorization: undefined,
      lastEventId: searchParams.get('lastEventId') ?? undefined,
    });
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
      this.desk.connect(entry, new WebSocketTransport(webSocket));
    });
  }
}

function refuse(socket: Duplex, error: unknown): void {
  const code = error instanceof ProblemError ? error.code : 'internal';
  const { status, title } = PROBLEMS[code];
  const body = JSON.stringify({ type: `/docs/errors/${code}`, title, status, code });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
