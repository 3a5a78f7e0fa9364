import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Method } from '@taskwire/contracts';
import { until } from '@taskwire/testing';
import { ServiceClients } from './service-clients.js';

interface Instance {
  readonly server: Server;
  readonly url: string;
  readonly seen: string[];
  answer: (request: IncomingMessage, response: ServerResponse) => void;
}

let instances: [Instance, Instance];
let clients: ServiceClients;

beforeEach(async () => {
  instances = [await startInstance(), await startInstance()];
  clients = clientsOf(...instances.map(({ url }) => url));
});
afterEach(async () => {
  await clients.close();
  for (const { server } of instances) {
    server.closeAllConnections();
    server.close();
  }
});

const clientsOf = (...urls: string[]) => new ServiceClients({ task: urls.join(', ') }, 'internal-token');
const ask = (method: Method = 'GET') => clients.get('task').request({ method, path: '/v1/tasks' });
const counts = () => instances.map(({ seen }) => seen.length);
const cut: Instance['answer'] = (request) => request.socket.destroy();

async function startInstance(): Promise<Instance> {
  const server = createServer((request, response) => {
    instance.seen.push(request.method ?? '');
    instance.answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const instance: Instance = { server, url, seen: [], answer: (_request, response) => response.end() };
  return instance;
}

async function stop({ server }: Instance): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

describe('a service of two instances', () => {
  it('is asked at both in turn while both are free', async () => {
    for (let n = 0; n < 6; n += 1) await ask();

    expect(counts()).toEqual([3, 3]);
  });

  it('is asked where the fewest calls are pending', async () => {
    const held: ServerResponse[] = [];
    for (const instance of instances) instance.answer = (_request, response) => void held.push(response);
    const slow = ask();
    await until('the slow call', () => held.length > 0);
    for (const instance of instances) instance.answer = (_request, response) => void response.end();
    for (let n = 0; n < 10; n += 1) await ask();

    expect(counts().sort((x, y) => x - y)).toEqual([1, 10]);
    held[0]?.end();
    await slow;
  });

  it('answers while one of them is down, writes too', async () => {
    await stop(instances[0]);
    for (let n = 0; n < 10; n += 1) expect((await ask(n % 2 ? 'GET' : 'POST')).status).toBe(200);

    expect(counts()).toEqual([0, 10]);
  });

  it('has a read repeated at the other when one of them cuts it', async () => {
    instances[0].answer = cut;
    for (let n = 0; n < 4; n += 1) expect((await ask()).status).toBe(200);

    expect(counts()[0]).toBeGreaterThan(0);
  });

  it('has no write done twice: one that may have arrived is not repeated', async () => {
    for (const instance of instances) instance.answer = cut;
    await expect(ask('POST')).rejects.toMatchObject({ code: 'service_unavailable' });

    expect(counts().reduce((sum, n) => sum + n)).toBe(1);
  });

  it('has a read repeated once, not for ever', async () => {
    for (const instance of instances) instance.answer = cut;
    await expect(ask()).rejects.toMatchObject({ code: 'service_unavailable' });

    expect(counts()).toEqual([1, 1]);
  });

  it('leaves one alone that fails again and again', async () => {
    instances[0].answer = cut;
    for (let n = 0; n < 40; n += 1) await ask();

    expect(counts()[0]).toBeLessThan(10);
  });

  it('is unavailable when both are down', async () => {
    for (const instance of instances) await stop(instance);

    await expect(ask()).rejects.toMatchObject({
      code: 'service_unavailable',
      headers: { 'retry-after': '1' },
    });
  });
});
