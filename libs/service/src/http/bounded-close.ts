import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * Bounds how long a server takes to close. By itself it would wait for connections that never sent a request, which
 * browsers open in advance, and for requests without an end: after `drainMs` these are cut off; their clients ask again.
 */
export function boundClose(fastify: FastifyInstance, drainMs: number): void {
  const { server } = fastify;
  const unused = new Set<Socket>();
  const use = ({ socket }: IncomingMessage) => unused.delete(socket);
  server.on('connection', (socket: Socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.on('request', use).on('upgrade', use);
  let closing = false;
  // Answered last, a kept-alive connection would otherwise stay open until it is cut off.
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) reply.header('connection', 'close');
    done(null, payload);
  });
  fastify.addHook('preClose', (done) => {
    closing = true;
    for (const socket of unused) socket.destroy();
    setTimeout(() => server.closeAllConnections(), drainMs).unref();
    done();
  });
}
