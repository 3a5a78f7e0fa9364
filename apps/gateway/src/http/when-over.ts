import type { ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';

type Response = ServerResponse & { readonly stream?: ServerHttp2Stream };

/** What waits for the end of a connection of HTTP/1: one listener for all that a client sends without waiting for answers. */
const waiting = new WeakMap<Socket, Set<() => void>>();

/** Runs once: when the answer has gone out whole, or can't any more, which may be so already. */
export function whenOver(response: Response, run: () => void): void {
  const { stream } = response;
  const { socket } = response.req;
  // A response of HTTP/2 doesn't say itself that it was reset.
  if (stream ? stream.destroyed : response.destroyed || socket.destroyed) return run();
  const end = (): void => {
    response.off('close', end);
    waiting.get(socket)?.delete(end);
    run();
  };
  response.on('close', end);
  // Behind an answer of the same connection it has no socket yet, and isn't told when that closes.
  if (!stream) endsOf(socket).add(end);
}

function endsOf(socket: Socket): Set<() => void> {
  const known = waiting.get(socket);
  if (known) return known;
  const ends = new Set<() => void>();
  waiting.set(socket, ends);
  socket.once('close', () => {
    for (const end of ends) end();
  });
  return ends;
}
