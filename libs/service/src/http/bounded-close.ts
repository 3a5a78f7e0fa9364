import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Requests that run longer are cut off; their clients ask again. */
const DRAIN_MS = 5_000;

/**
 * Bounds how long a server takes to close. By itself it would wait for connections that never sent a request, which
 * browsers open in advance, and for requests without an end.
 */
export function boundClose(fastify: FastifyInstance, drainMs = DRAIN_MS): void {
  const { server } = fastify;
  const unused = new Set<Socket>();
  const use = ({ socket }: IncomingMessage) => unused.delete(socket);
  server.on('connection', (socket: Socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.on('request', use).on('upgrade', use);
  fastify.addHook('preClose', (done) => {
    for (const socket of unused) socket.destroy();
    setTimeout(() => server.closeAllConnections(), drainMs).unref();
    done();
  });
}
