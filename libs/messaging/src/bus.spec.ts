import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { Bus } from './bus.js';
import { command } from './contract/message.js';
import { subscription } from './contract/subscription.js';
import { topologyOf } from './contract/topology.js';
import { direct } from './direct.js';
import type { Driver } from './driver.js';
import { MemoryBroker, memoryDriver } from './drivers/memory/index.js';
import { SYSTEM } from './envelope.js';
import { onCommand } from './registry/handler.js';
import { InfrastructureError } from './store.js';

const payload = z.object({ owner: z.string() });
const Create = command('note.create.v1', {
  ...{ topic: 'note.commands', key: (p: { owner: string }) => p.owner },
  ...{ payload, reply: payload, rejections: [] },
});
const notes = subscription('notes', { kind: 'group', commands: [Create] });
const topology = topologyOf([Create], [notes]);
const options = () => ({
  ...{ id: randomUUID(), identity: SYSTEM, waitMs: 5_000 },
  ...{ firstSentAt: new Date(), deadline: new Date(Date.now() + 60_000) },
});

const open: Bus[] = [];

function busOver(driver: Driver, logged: string[] = []): Bus {
  const bus = new Bus({ driver, topology, log: (_level, message) => void logged.push(message) });
  open.push(bus);
  return bus;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((bus) => bus.close(1_000)));
});

describe('bus', () => {
  it('pauses a subscription while its place is broken, shows it in its health, and loses nothing', async () => {
    const driver = memoryDriver();
    const logged: string[] = [];
    const bus = busOver(driver, logged);
    let runs = 0;
    const create = onCommand(Create, (message) => {
      runs += 1;
      if (runs <= 2) throw new InfrastructureError('the database is away');
      return message.payload;
    });
    await bus.serve(notes, [create], direct(driver), { breaker: { pauseMs: 50 } });
    const answer = bus.request(Create, { owner: 'ann' }, options());
    while (!logged.includes('a subscription was paused'))
      await new Promise((resolve) => setTimeout(resolve, 1));
    expect(await bus.health()).toMatchObject({ up: true, paused: ['notes'] });
    await expect(answer).resolves.toMatchObject({ status: 'done' });
    expect(runs).toBe(3);
    expect(await bus.health()).toMatchObject({ paused: [] });
  });

  it('warns when a store forgets messages that the broker keeps, at the start and later', async () => {
    const driver = memoryDriver();
    const logged: string[] = [];
    const bus = busOver(driver, logged);
    const create = onCommand(Create, (message) => message.payload);
    await bus.serve(notes, [create], { ...direct(driver), windowMs: 3_600_000 });
    expect(await bus.check()).toEqual([
      {
        level: 'warning',
        what: 'the inbox of notes remembers for 1 h, and note.commands keeps messages for 24 h',
        why: expect.stringContaining('refused as too old'),
        change: expect.stringMatching(/windowMs .* longer.*retention\.ms/),
      },
    ]);
    expect(logged).toEqual([expect.stringMatching(/^the inbox of notes remembers for 1 h/)]);
  });

  it.each([
    ['as long as the broker', 24 * 3_600_000],
    ['nothing', undefined],
  ])('is content with a store that remembers %s', async (_, windowMs) => {
    const driver = memoryDriver();
    const bus = busOver(driver);
    const store = { ...direct(driver), ...(windowMs !== undefined && { windowMs }) };
    await bus.serve(notes, [onCommand(Create, (message) => message.payload)], store);
    expect(await bus.check()).toEqual([]);
  });

  it('finishes and answers what runs when it closes', async () => {
    const broker = new MemoryBroker();
    const driver = memoryDriver(broker);
    const [bus, requester] = [busOver(driver), busOver(memoryDriver(broker))];
    await requester.start();
    const begun = Promise.withResolvers<undefined>();
    const gate = Promise.withResolvers<undefined>();
    const create = onCommand(Create, async (message) => {
      begun.resolve(undefined);
      await gate.promise;
      return message.payload;
    });
    await bus.serve(notes, [create], direct(driver));
    const answer = requester.request(Create, { owner: 'ann' }, options());
    await begun.promise;
    const closed = Promise.all([bus.close(5_000), bus.close(5_000)]);
    gate.resolve(undefined);
    await closed;
    await expect(answer).resolves.toMatchObject({ status: 'done' });
  });

  it('closes within its deadline though a handler hangs', async () => {
    const driver = memoryDriver();
    const bus = busOver(driver);
    const begun = Promise.withResolvers<undefined>();
    const hangs = onCommand(Create, async () => {
      begun.resolve(undefined);
      return new Promise<never>(() => undefined);
    });
    await bus.serve(notes, [hangs], direct(driver));
    const answer = bus.request(Create, { owner: 'ann' }, options());
    await begun.promise;
    await bus.close(100);
    await expect(answer).resolves.toEqual({ status: 'pending' });
  });

  it('lets nobody wait for a reply that can not come any more when it closes', async () => {
    const bus = busOver(memoryDriver());
    await bus.start();
    const answer = bus.request(Create, { owner: 'ann' }, { ...options(), waitMs: 60_000 });
    await new Promise((resolve) => setImmediate(resolve));
    await bus.close(1_000);
    await expect(answer).resolves.toEqual({ status: 'pending' });
  });

  it('refuses a group from the earliest message where the driver keeps none', async () => {
    const early = subscription('early', { kind: 'group', from: 'earliest', commands: [Create] });
    const driver = Object.assign(memoryDriver(), { keepsMessages: false });
    const bus = new Bus({ driver, topology: topologyOf([Create], [early]) });
    await expect(bus.start()).rejects.toThrow('early: the driver "memory" keeps no old messages');
  });

  it('refuses a topology with two groups of one name', () => {
    const twice = topologyOf([Create], [notes, notes]);
    expect(() => new Bus({ driver: memoryDriver(), topology: twice })).toThrow('notes used twice');
  });

  it('looks for parked messages soon when it is told that some became due, not only at its next turn', async () => {
    const driver = memoryDriver();
    const bus = busOver(driver);
    const looks = Promise.withResolvers<void>();
    let drained = 0;
    const drain = () => {
      drained += 1;
      if (drained === 2) looks.resolve();
      return Promise.resolve(0);
    };
    const create = onCommand(Create, ({ payload }) => payload);
    const seldom = { everyMs: 1, idleEveryMs: 3_600_000 };
    await bus.serve(notes, [create], { ...direct(driver), drain }, { drain: seldom });
    while (drained === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    bus.drainSoon('nobody');
    bus.drainSoon('notes');
    await looks.promise;
  });
});
