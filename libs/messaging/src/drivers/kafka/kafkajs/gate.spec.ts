import { createServer, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '../../../delivery/delivery.fixture.js';
import { type Gate, gated } from './gate.js';

const [FETCH, JOIN_GROUP, HEARTBEAT] = [1, 11, 12];

function request(apiKey: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeInt32BE(4);
  bytes.writeInt16BE(apiKey, 4);
  return bytes;
}

describe('the gate of a kafkajs socket', () => {
  const open: Socket[] = [];

  afterEach(() => {
    for (const socket of open.splice(0)) socket.destroy();
  });

  /** A gated socket, and the api keys of what arrives at its other end. */
  async function wire(gate: Gate): Promise<{ socket: Socket; arrived: number[] }> {
    const arrived: number[] = [];
    const server = createServer((peer) => {
      open.push(peer);
      peer.on('error', () => undefined);
      peer.on('data', (data) => {
        for (let at = 0; at < data.length; at += 8) arrived.push(data.readInt16BE(at + 4));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const socket = connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1');
    open.push(socket);
    await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
    server.close();
    gated(socket, gate);
    return { socket, arrived };
  }

  it('holds JoinGroup back until what runs has ended, and nothing else', async () => {
    const ended = Promise.withResolvers<undefined>();
    const { socket, arrived } = await wire({ beforeJoin: () => ended.promise, heartbeat: () => undefined });
    for (const apiKey of [JOIN_GROUP, FETCH, HEARTBEAT]) socket.write(request(apiKey));
    await until(() => arrived.length === 2);
    expect(arrived).toEqual([FETCH, HEARTBEAT]);
    ended.resolve(undefined);
    await until(() => arrived.length === 3);
    expect(arrived).toEqual([FETCH, HEARTBEAT, JOIN_GROUP]);
  });

  it('notes when a heartbeat leaves', async () => {
    let beats = 0;
    const { socket } = await wire({ beforeJoin: () => Promise.resolve(), heartbeat: () => (beats += 1) });
    socket.write(request(FETCH));
    expect(beats).toBe(0);
    socket.write(request(HEARTBEAT));
    expect(beats).toBe(1);
  });

  it('writes nothing to a socket that is gone when what ran has ended', async () => {
    const ended = Promise.withResolvers<undefined>();
    const { socket } = await wire({ beforeJoin: () => ended.promise, heartbeat: () => undefined });
    const errors: Error[] = [];
    socket.on('error', (error) => errors.push(error));
    socket.write(request(JOIN_GROUP));
    socket.destroy();
    ended.resolve(undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(errors).toEqual([]);
  });
});
