import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import { boundClose } from './bounded-close.js';

let app: FastifyInstance;
let client: Socket;
let release: () => void;

beforeEach(async () => {
  app = fastify({ forceCloseConnections: 'idle' });
  boundClose(app, 300);
  app.get('/slow', async () => {
    await new Promise<void>((resolve) => (release = resolve));
    return 'answered';
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  client = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => undefined);
  await Promise.all([once(client, 'connect'), once(app.server, 'connection')]);
});
afterEach(async () => {
  client.destroy();
  await app.close();
});

async function ask(): Promise<void> {
  client.write('GET /slow HTTP/1.1\r\nhost: a\r\n\r\n');
  await once(app.server, 'request');
}

describe('closing a server', () => {
  it('does not wait for a connection that never sent a request', async () => {
    const closed = once(client, 'close');
    await app.close();
    await closed;
  });

  it('waits for a request that is under way', async () => {
    await ask();
    const answer = once(client, 'data') as Promise<[Buffer]>;
    const closing = app.close();
    release();

    expect(String((await answer)[0])).toContain('answered');
    await closing;
  });

  it('cuts off a request that takes too long', async () => {
    await ask();
    await app.close();
    await once(client.resume(), 'close');
  });
});
