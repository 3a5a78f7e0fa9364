import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { StoredRecord } from '@taskwire/testing';
import { openReceiver, type Receiver } from './webhooks.js';

const ada = { userId: 'ada', token: 'hers' };
const base = { createdAt: '', completedAt: null, description: null, remindAt: null };
const record = (owner: string): StoredRecord => ({
  ...{ owner, feed: [], welcomes: 1, counted: {}, completed: {} },
  tasks: [
    { ...base, id: 'milk', version: 2 },
    { ...base, id: 'bread', version: 1 },
  ],
});

let receiver: Receiver;
let server: Server;
let url = '';

beforeEach(async () => {
  receiver = await openReceiver();
  server = createServer((request, response) => {
    void json(request).then((body) => {
      ({ url } = body as { url: string });
      response.writeHead(201).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await receiver.subscribe(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, ada);
});
afterEach(async () => {
  await receiver.close();
  server.closeAllConnections();
  server.close();
});

const deliver = (id: string, title: string, version: number) =>
  fetch(url, {
    ...{ method: 'POST', headers: { 'webhook-id': id } },
    body: JSON.stringify({ type: 'task.updated.v1', data: { task: { title, version } } }),
  });

describe('the receiver of webhooks in a round', () => {
  it('finds nothing where each change came under one id, again and in any order', async () => {
    await deliver('c', 'bread', 1);
    for (const id of ['b', 'a', 'b']) await deliver(id, 'milk', id === 'a' ? 1 : 2);

    expect(receiver.check([record('ada')])).toEqual([]);
  });

  it('finds what did not come, and what came under two ids', async () => {
    await deliver('a', 'milk', 1);
    for (const id of ['c', 'd']) await deliver(id, 'bread', 1);

    expect(receiver.check([record('ada')])).toEqual([
      { owner: 'ada', where: 'webhooks', kind: 'lost', detail: 'milk, version 2' },
      { owner: 'ada', where: 'webhooks', kind: 'doubled', detail: 'bread, version 1' },
    ]);
  });

  it('expects nothing for who has no webhook', () => {
    expect(receiver.check([record('bob')])).toEqual([]);
  });
});
