import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import {
  Bus,
  direct,
  type Driver,
  event,
  onEvents,
  StartRefused,
  subscription,
  topologyOf,
} from '@taskwire/messaging';
import { MemoryBroker, MemoryDriver } from '@taskwire/messaging/memory';
import { type FaultProxy, faultProxy, hasRabbitmq, rabbitmqUrl, until } from '@taskwire/testing';
import { z } from 'zod';
import { readBusConfig } from '../config.js';
import { createDriver } from './driver.js';
import { steadyBus } from './steady-bus.js';

const topic = `steady-${randomUUID()}`;
const Happened = event('thing.happened.v1', {
  ...{ topic, key: () => 'k' },
  payload: z.object({}),
});
const group = subscription(`${topic}.group`, { kind: 'group', events: [Happened] });
const broadcast = subscription(`${topic}.all`, { kind: 'broadcast', events: [Happened] });
const topology = topologyOf([Happened], [group, broadcast]);
/** What came, of the group or of the broadcast. */
let received: string[];
const receive = (...ids: string[]) => void received.push(...ids);
const handlers = [onEvents([Happened], async (events) => receive(...events.map(({ id }) => id)))];
const listener = { receive: ({ id }: { id: string }) => receive(id), resync: () => undefined };

(hasRabbitmq() ? describe : describe.skip)('a link that is cut while a service starts', () => {
  let proxy: FaultProxy;
  let driver: Driver;
  let bus: Bus;
  beforeAll(async () => {
    const { hostname, port } = new URL(rabbitmqUrl);
    proxy = await faultProxy({ target: `${hostname}:${port || 5672}` });
  });
  afterAll(() => proxy.close());
  beforeEach(async () => {
    const config = readBusConfig({ BUS: 'rabbitmq', RABBITMQ_URL: proxy.through(rabbitmqUrl) });
    driver = await createDriver(config, () => undefined);
    bus = new Bus({ driver, topology, log: () => undefined });
    await driver.connect();
  });
  afterEach(async () => {
    await proxy.heal();
    await bus.close(2_000);
  });

  const steps = {
    'in declaring': (of: Pick<Bus, 'start'>) => of.start(),
    'in listening': (of: Pick<Bus, 'listen'>) => of.listen(broadcast, listener),
    'in joining a group': (of: Pick<Bus, 'serve'>) => of.serve(group, handlers, direct(driver)),
  };
  it.each(Object.entries(steps))('%s: the step is taken again', async (name, step) => {
    if (name !== 'in declaring') await bus.start();
    received = [];
    const warned: string[] = [];
    let tries = 0;
    const steady = steadyBus(
      bus,
      async () => {
        tries += 1;
        if (tries > 1) await proxy.heal();
        await driver.connect();
        if (tries === 1) proxy.add({ type: 'limit_data', bytes: 60 });
      },
      (text) => warned.push(text),
    );
    await step(steady);
    if (name !== 'in declaring') {
      await bus.publish(Happened, {});
      await until('the event', () => received.length > 0);
    }

    expect(tries).toBeGreaterThan(1);
    expect(warned[0]).toMatch(/^the bus did not start, trying again: /);
    // Registered once, however often the step was taken.
    expect(received).toEqual([...new Set(received)]);
    expect(await bus.health()).toMatchObject({ up: true });
  });
});

describe('a start that is wrong itself', () => {
  const wrong = async (error: Error) => {
    let tries = 0;
    const bus = new Bus({ driver: new MemoryDriver(new MemoryBroker()), topology, log: () => undefined });
    bus.driver.declare = () => {
      tries += 1;
      return Promise.reject(error);
    };
    await expect(
      steadyBus(
        bus,
        async () => undefined,
        () => undefined,
      ).start(),
    ).rejects.toBe(error);
    await bus.close();
    return tries;
  };

  it('ends at once where that is known, and else after a few tries', async () => {
    expect(await wrong(new StartRefused([]))).toBe(1);
    expect(await wrong(new TypeError('no such thing'))).toBe(1);
    expect(await wrong(new Error('another topology'))).toBe(4);
  });
});
