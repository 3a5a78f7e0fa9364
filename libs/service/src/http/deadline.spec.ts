import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Module } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger, startTelemetry } from '@taskwire/telemetry';
import { ServiceClients } from '../clients/service-clients.js';
import { createHttpApp } from '../http-server.js';
import { DEADLINE_HEADER, remainingMs } from './deadline.js';

const open: (() => Promise<unknown>)[] = [];
let told: string[];
let inner: Server;
let services: ServiceClients;
/** What goes on after the answer. */
let later: Promise<number | undefined>;

beforeEach(async () => {
  told = [];
  const telemetry = startTelemetry({ service: 'test', env: {} });
  inner = createServer((request, response) => {
    told.push(String(request.headers[DEADLINE_HEADER]));
    if (request.url === '/slow') return;
    response.end();
  }).listen(0, '127.0.0.1');
  await once(inner, 'listening');
  services = new ServiceClients({ auth: `http://127.0.0.1:${(inner.address() as AddressInfo).port}` }, 'x');
  open.push(async () => {
    inner.closeAllConnections();
    inner.close();
    await services.close();
    await telemetry.shutdown();
  });
});
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

@Controller()
class Reads {
  @Get('/quick')
  async quick() {
    await services.get('auth').request({ method: 'GET', path: '/quick' });
    later = sleep(50).then(() => remainingMs());
    return {};
  }

  @Get('/slow')
  async slow() {
    await services.get('auth').request({ method: 'GET', path: '/slow' });
  }
}

async function start(name: string): Promise<(path: string, ms?: string) => Promise<Response>> {
  @Module({ controllers: [Reads] })
  class TestModule {}
  const log = createLogger({ service: name, env: { LOG_LEVEL: 'silent' } });
  const app = await createHttpApp(name, TestModule, log);
  await app.listen(0, '127.0.0.1');
  open.push(() => app.close());
  const url = await app.getUrl();
  return (path, ms) => fetch(`${url}${path}`, { headers: { ...(ms && { [DEADLINE_HEADER]: ms }) } });
}

describe('the deadline of who asked a service', () => {
  it('goes on to whom it asks', async () => {
    const ask = await start('task');
    expect((await ask('/quick', '900')).status).toBe(200);
    expect((await ask('/quick')).status).toBe(200);

    expect(Number(told[0])).toBeGreaterThan(0);
    expect(Number(told[0])).toBeLessThanOrEqual(900);
    expect(told[1]).toBe('5000');
  });

  it('ends what it waits for', async () => {
    const ask = await start('task');

    expect(await (await ask('/slow', '150')).json()).toMatchObject({ code: 'timeout' });
  });

  it('is no deadline of what goes on after the answer', async () => {
    const ask = await start('task');
    await ask('/quick', '40');

    expect(await later).toBeUndefined();
  });

  it('that has passed already is refused', async () => {
    const ask = await start('task');

    expect(await (await ask('/quick', '0')).json()).toMatchObject({ code: 'timeout', status: 504 });
    expect(told).toEqual([]);
  });

  it.each(['', '-1', '1e3', '99999999', 'soon'])('is not %p', async (text) => {
    const ask = await start('task');
    expect((await ask('/quick', text)).status).toBe(200);

    expect(told).toEqual(['5000']);
  });

  it('is nothing that a client may tell the gateway', async () => {
    const ask = await start('gateway');

    expect((await ask('/quick', '0')).status).toBe(200);
  });
});
