import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { post } from './post.js';
import { startReceiver, type TestReceiver } from './receiver.fixture.js';
import { WebhookTargets } from './targets.js';

const LIMIT_MS = 5_000;
const HOST = 'hooks.example.org';

let receiver: TestReceiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

const any = new WebhookTargets('any', (host) => Promise.resolve(host === HOST ? ['127.0.0.1'] : []));
const send = (url: string, targets = any, limitMs = LIMIT_MS) =>
  post(targets, new URL(url), { 'webhook-id': 'an-id' }, '{"a":1}', limitMs);

describe('a post', () => {
  it('arrives as JSON under its URL, and answers the status', async () => {
    receiver.answer = 201;
    expect(await send(receiver.url)).toEqual({ status: 201, retryAfterMs: 0 });
    expect(receiver.received).toMatchObject([
      {
        path: '/hooks?from=taskwire',
        body: '{"a":1}',
        headers: { 'content-type': 'application/json', 'webhook-id': 'an-id' },
      },
    ]);
  });

  it('goes to the address that the name resolved to, in the name of the host', async () => {
    expect(await send(`http://${HOST}:${receiver.port}/`)).toMatchObject({ status: 204 });
    expect(receiver.received[0]?.headers['host']).toBe(`${HOST}:${receiver.port}`);
  });

  it('asks for the certificate of the host, and does without one never', async () => {
    const asked: string[] = [];
    const server = createTlsServer({
      SNICallback: (name, answer) => {
        asked.push(name);
        answer(new Error('there is no certificate'));
      },
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;

    await expect(send(`https://${HOST}:${port}/`)).rejects.toThrow(/failed/);
    expect(asked).toEqual([HOST]);
    server.close();
  });

  it.each([301, 302, 303, 307, 308])('follows no redirect: %i', async (status) => {
    const elsewhere = await startReceiver();
    receiver.answer = (response) => response.writeHead(status, { location: elsewhere.url }).end();
    expect(await send(receiver.url)).toMatchObject({ status });
    expect(elsewhere.received).toEqual([]);
    await elsewhere.close();
  });

  it('takes an answer of any length, and reads a part of it', async () => {
    let written = 0;
    receiver.answer = (response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) written += 65_536;
      };
      response.on('drain', more);
      more();
    };
    expect(await send(receiver.url)).toMatchObject({ status: 200 });
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });

  it('ends at its limit when the receiver hangs', async () => {
    receiver.answer = () => undefined;
    await expect(send(receiver.url, any, 200)).rejects.toMatchObject({ code: 'timeout' });
  });

  it('ends at its limit when a name is never resolved', async () => {
    const hanging = new WebhookTargets('any', () => new Promise(() => undefined));
    await expect(send(`http://${HOST}/`, hanging, 200)).rejects.toMatchObject({ code: 'timeout' });
  });

  it('has an answer as soon as its status is there, however long the rest takes', async () => {
    receiver.answer = (response) => void response.writeHead(202).write('and');
    expect(await send(receiver.url, any, 300)).toMatchObject({ status: 202 });
  });

  it('says that nobody is there', async () => {
    await expect(send('http://127.0.0.1:1/')).rejects.toMatchObject({ code: 'connection_failed' });
  });
});

describe('a post to the public internet', () => {
  it('is not made to a name that says another address than when it was registered (DNS rebinding)', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const answers = [['93.184.216.34'], ['127.0.0.1']];
    const rebound = new WebhookTargets('public', () => Promise.resolve(answers.shift() ?? []));
    const url = `https://rebind.example.org:${port}/`;

    expect(await rebound.refusalOf(new URL(url))).toBeNull();
    await expect(send(url, rebound)).rejects.toMatchObject({ code: 'address_not_allowed' });
    expect([connections, answers]).toEqual([0, []]);
    server.close();
  });

  it.each(['https://127.0.0.1/', 'https://[::1]/', 'https://[::ffff:127.0.0.1]/', 'http://93.184.216.34/'])(
    'is not made to %s, which no name has to be looked up for',
    async (url) => {
      const none = new WebhookTargets('public', () => Promise.reject(new Error('not asked')));
      await expect(send(url, none)).rejects.toMatchObject({ code: 'address_not_allowed' });
    },
  );
});
