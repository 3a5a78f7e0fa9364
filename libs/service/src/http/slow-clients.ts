import { constants, type ServerHttp2Stream } from 'node:http2';
import type { FastifyInstance } from 'fastify';

/** How long a server bears with its clients, in milliseconds. */
export interface Patience {
  /** From the first byte of a request to its last. */
  readonly requestMs: number;
  /** Without a byte of progress while a request is under way: longer than any answer takes, or the beats of live events. */
  readonly silenceMs: number;
  /** Between two requests of one connection. */
  readonly keepAliveMs: number;
  /** How often HTTP/1 connections are looked at for requests that take too long. */
  readonly checkEveryMs: number;
}

export const PATIENCE: Patience = {
  requestMs: 30_000,
  silenceMs: 45_000,
  keepAliveMs: 65_000,
  checkEveryMs: 5_000,
};

/** Of one HTTP/2 connection: the least that RFC 9113 recommends. */
export const MAX_STREAMS = 100;

/** Gives up the streams of slow clients. HTTP/2 has no time-outs for them: Node's see any frame of their connection, pings too. */
export function boundStreams({ server }: FastifyInstance, { requestMs, silenceMs }: Patience): void {
  server.on('stream', (stream: ServerHttp2Stream) => {
    const giveUp = () => stream.close(constants.NGHTTP2_CANCEL);
    const late = setTimeout(() => {
      if (!stream.endAfterHeaders && !stream.readableEnded) giveUp();
    }, requestMs);
    let before = 0;
    const stuck = setInterval(() => {
      const { bufferSize } = stream;
      if (bufferSize > 0 && bufferSize === before) giveUp();
      before = bufferSize;
    }, silenceMs);
    stream.once('close', () => {
      clearTimeout(late);
      clearInterval(stuck);
    });
  });
}
