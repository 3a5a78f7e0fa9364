import { describe, expect, it } from '@jest/globals';
import type { Driver, OutgoingMessage } from '../../driver.js';
import { MemoryBroker } from './broker.js';
import { Faults, type FaultRates } from './faults.js';
import { memoryDriver } from './memory-driver.js';

const message = (text: string): OutgoingMessage => ({
  topic: 't',
  partition: 0,
  key: 'k',
  headers: {},
  body: Buffer.from(text),
});

async function start(broker: MemoryBroker): Promise<Driver> {
  const driver = memoryDriver(broker);
  await driver.connect();
  await driver.declare({
    topics: [{ name: 't', partitions: 1, retentionMs: 60_000 }],
    groups: [{ name: 'g', topics: ['t'], from: 'now' }],
  });
  return driver;
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error('the condition did not hold within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** What a reader gets of 100 sends under these faults, and which of them were refused. */
async function hundred(faults: FaultRates): Promise<{ texts: string[]; refused: string[] }> {
  const driver = await start(new MemoryBroker({ faults }));
  const texts: string[] = [];
  await driver.subscribe('g', ['t'], (messages) => {
    texts.push(...messages.map((m) => m.body.toString()));
    return Promise.resolve();
  });
  const names = Array.from({ length: 100 }, (_, i) => String(i));
  const results = await Promise.all(names.map((name) => driver.send([message(name)])));
  const refused = names.filter((_, i) => results[i]?.[0] !== undefined);
  await until(() => new Set(texts).size === 100 - refused.length);
  await driver.close();
  return { texts, refused };
}

describe('the fault kit', () => {
  it('makes the same faults from the same seed, and others from another', () => {
    const draw = (seed: number): boolean[] => {
      const faults = new Faults({ seed, dropReply: 0.5 });
      return Array.from({ length: 50 }, () => faults.dropsReply());
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(new Set(draw(1))).toEqual(new Set([true, false]));
  });

  it('makes none unless asked to', async () => {
    expect((await hundred({ seed: 1 })).texts).toHaveLength(100);
  });

  it('stores messages twice', async () => {
    const { texts } = await hundred({ seed: 1, duplicate: 0.2 });
    expect(texts.length).toBeGreaterThan(100);
  });

  it('refuses sends, which then are not stored', async () => {
    const { texts, refused } = await hundred({ seed: 1, refuseSend: 0.2 });
    expect(refused.length).toBeGreaterThan(0);
    expect(texts.filter((text) => refused.includes(text))).toEqual([]);
  });

  it('delays sends without changing their order', async () => {
    const { texts } = await hundred({ seed: 1, delayMs: 1 });
    expect(texts).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
  });

  it('drops replies', async () => {
    const driver = await start(new MemoryBroker({ faults: { seed: 1, dropReply: 0.5 } }));
    let replies = 0;
    driver.onReply(
      () => (replies += 1),
      () => undefined,
    );
    for (let i = 0; i < 100; i += 1) await driver.reply(driver.replyAddress, 'c', {}, Buffer.alloc(0));
    await new Promise((resolve) => setImmediate(resolve));
    expect(replies).toBeGreaterThan(20);
    expect(replies).toBeLessThan(80);
    await driver.close();
  });
});

describe('a partition in memory', () => {
  it('is bounded: refuses what a group has not read, drops what all have', async () => {
    const driver = await start(new MemoryBroker({ maxMessages: 10 }));
    const results = await driver.send(Array.from({ length: 12 }, (_, i) => message(String(i))));
    expect(results.filter((error) => error === undefined)).toHaveLength(10);
    expect(results[11]).toMatchObject({ outcome: 'not-stored', permanent: false });
    let read = 0;
    await driver.subscribe('g', ['t'], (messages) => {
      read += messages.length;
      return Promise.resolve();
    });
    await until(() => read === 10);
    expect(await driver.send([message('fits again')])).toEqual([undefined]);
    await driver.close();
  });

  it('keeps its own copy of a message', async () => {
    const driver = await start(new MemoryBroker());
    const sent = message('before');
    await driver.send([sent]);
    sent.body.fill('x');
    const texts: string[] = [];
    await driver.subscribe('g', ['t'], (messages) => {
      texts.push(...messages.map((m) => m.body.toString()));
      return Promise.resolve();
    });
    await until(() => texts.length === 1);
    expect(texts).toEqual(['before']);
    await driver.close();
  });
});
