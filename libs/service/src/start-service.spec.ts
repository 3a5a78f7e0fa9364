import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Inject, type OnModuleDestroy } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { route, taskCommands } from '@taskwire/contracts';
import { Bus, StartRefused } from '@taskwire/messaging';
import { z } from 'zod';
import { ConfigError } from './config.js';
import type { RunningService, ServiceDefinition } from './definition.js';
import { Route } from './http/route.js';
import { startService } from './start-service.js';
import { CONFIG } from './tokens.js';

const events: string[] = [];
let answerSlow: () => void;
let arrived: () => void;
const slowArrived = () => new Promise<void>((resolve) => (arrived = resolve));

const slow = route('GET', '/v1/slow', {
  ...{ summary: '', service: 'gateway', kind: 'local', access: 'public', success: { status: 200 } },
});

@Controller()
class Slow implements OnModuleDestroy {
  constructor(
    @Inject(CONFIG) private readonly config: { GREETING: string },
    @Inject(Bus) private readonly bus: Bus,
  ) {}

  @Route(slow)
  async greet() {
    arrived();
    await new Promise<void>((resolve) => (answerSlow = resolve));
    const { up } = await this.bus.health();
    events.push('answered');
    return { greeting: this.config.GREETING, bus: up };
  }

  onModuleDestroy(): void {
    events.push('shutdown');
  }
}

class SlowModule {}
const definition: ServiceDefinition<{ GREETING: string }> = {
  name: 'gateway',
  port: 0,
  config: z.object({ GREETING: z.string().default('hello') }),
  groups: [],
  module: () => ({ module: SlowModule, controllers: [Slow] }),
};
const env = {
  BUS: 'memory',
  LOG_LEVEL: 'silent',
  INTERNAL_TOKEN: 'internal-token-of-the-tests-0123456789',
  AUTH_URL: 'http://127.0.0.1:1',
};

let auth: Server | undefined;
const running: RunningService[] = [];
beforeEach(() => {
  events.length = 0;
});
afterEach(async () => {
  auth?.closeAllConnections();
  auth?.close();
  for (const service of running.splice(0)) await service.close();
});

async function start(more: NodeJS.ProcessEnv = {}): Promise<RunningService> {
  const service = await startService(definition, { ...env, ...more });
  running.push(service);
  return service;
}

describe('a service', () => {
  it('is live at once, and ready when nothing is missing any more', async () => {
    let authAnswers = false;
    auth = createServer((_request, response) => {
      response.writeHead(authAnswers ? 200 : 503, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ position: 0, sessions: [] }));
    }).listen(0, '127.0.0.1');
    await once(auth, 'listening');
    const { url } = await start({ AUTH_URL: `http://127.0.0.1:${(auth.address() as AddressInfo).port}` });

    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    const before = await fetch(`${url}/health/ready`);
    expect(before.status).toBe(503);
    expect(await before.json()).toMatchObject({ missing: { revocations: 'auth has not answered yet' } });

    authAnswers = true;
    const deadline = performance.now() + 10_000;
    while ((await fetch(`${url}/health/ready`)).status !== 200) {
      if (performance.now() > deadline) throw new Error('not ready although auth answers');
    }
  });

  it('injects its settings and its bus', async () => {
    const { url } = await start({ GREETING: 'moin' });
    const arrival = slowArrived();
    const answer = fetch(`${url}/v1/slow`);
    await arrival;
    answerSlow();

    expect(await (await answer).json()).toEqual({ greeting: 'moin', bus: true });
  });

  it('answers what is under way before it closes, with everything still open, and takes nothing new', async () => {
    const service = await start();
    const arrival = slowArrived();
    const answer = fetch(`${service.url}/v1/slow`);
    await arrival;
    const closing = service.close();
    await expect(fetch(`${service.url}/health/live`)).rejects.toThrow('fetch failed');
    answerSlow();

    expect(await (await answer).json()).toMatchObject({ bus: true });
    await closing;
    expect(events).toEqual(['shutdown', 'answered']);
  });

  it('is refused with bad settings before anything is started', async () => {
    await expect(start({ BUS: 'pigeon' })).rejects.toThrow(ConfigError);
  });

  it('on a taken port says so and leaves nothing behind', async () => {
    const { url } = await start();
    const { port } = new URL(url);

    await expect(start({ PORT: port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(events).toEqual(['shutdown']);
  });

  it('declared on the group of another one does not start', async () => {
    const thief = startService({ ...definition, groups: [taskCommands] }, env);
    await expect(thief).rejects.toThrow(StartRefused);
    await expect(thief).rejects.toThrow(
      /gateway is declared on the group task\.commands .*"gateway\.<what>"/,
    );
  });

  it('with a bus that cannot be reached does not start', async () => {
    const bus = { BUS: 'postgres', BUS_DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/bus' };

    await expect(start(bus)).rejects.toThrow(/ECONNREFUSED/);
  });
});
