import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer, type TLSSocket } from 'node:tls';
import type { FastifyInstance } from 'fastify';

/**
 * Bounds how long a server takes to close. By itself it would wait for connections that never sent a request, which
 * browsers open in advance, and for requests without an end: after `drainMs` these are cut off; their clients ask again.
 */
export function boundClose(fastify: FastifyInstance, drainMs: number): void {
  const { server } = fastify;
  const unused = new Set<Socket>();
  const use = ({ socket }: IncomingMessage) => unused.delete(socket);
  const open = new Set<Socket>();
  // Over TLS a request's socket is the one inside; of HTTP/2 many requests share one, which Fastify asks to end.
  server.on((server as object) instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    open.add(socket);
    if ((socket as Partial<TLSSocket>).alpnProtocol !== 'h2') unused.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      unused.delete(socket);
    });
  });
  server.on('request', use).on('upgrade', use);
  let closing = false;
  // Answered last, a kept-alive connection would otherwise stay open until it is cut off.
  fastify.addHook('onSend', (request, reply, payload, done) => {
    if (closing && request.raw.httpVersionMajor < 2) reply.header('connection', 'close');
    done(null, payload);
  });
  fastify.addHook('preClose', (done) => {
    closing = true;
    for (const socket of unused) socket.destroy();
    setTimeout(() => {
      for (const socket of open) socket.destroy();
    }, drainMs).unref();
    done();
  });
}
