import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { GatheringSocket } from './gathering-socket.js';

let server: Server;
let received = '';
let socket: GatheringSocket;

/** Notes in which pieces it writes. */
class Observed extends GatheringSocket {
  readonly pieces: number[] = [];

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], callback: () => void): void {
    this.pieces.push(chunks.length);
    super._writev?.(chunks, callback);
  }

  override _write(chunk: unknown, encoding: BufferEncoding, callback: () => void): void {
    this.pieces.push(1);
    super._write(chunk, encoding, callback);
  }
}

beforeEach(async () => {
  received = '';
  server = createServer((peer) => {
    peer.setEncoding('utf8').on('data', (text: string) => (received += text));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  socket.destroy();
  server.close();
});

it('sends what a turn writes in one piece, as it was written', async () => {
  const observed = new Observed();
  socket = observed;
  socket.connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  for (const statement of ['first ', 'second ']) {
    socket.cork();
    for (const part of ['parse ', statement]) socket.write(part);
    socket.uncork();
  }
  socket.write('begin ');
  await turn();
  socket.write('next');
  await turn();
  expect(observed.pieces).toEqual([5, 1]);

  const ended = once(socket, 'close');
  socket.end();
  await ended;
  expect(received).toBe('parse first parse second begin next');
});

it('sends what was written before its end', async () => {
  socket = new GatheringSocket();
  socket.connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('terminate');
  const ended = once(socket, 'close');
  socket.end();
  await ended;
  expect(received).toBe('terminate');
});
