import { expect } from '@jest/globals';
import { Gate, Recorder } from './recorder.js';
import { KEY_PER_PARTITION, messageTo, numbered, sendAll } from './scene.js';
import type { Cases } from './case.js';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

export const groupCases: Cases = {
  'gives every group all messages': async (scene) => {
    const topic = scene.name('fan-out');
    const groups = ['a', 'b', 'c'].map((name) => scene.name(name));
    const driver = await scene.start(scene.topology([topic], groups));
    const recorders = await Promise.all(
      groups.map(async (group) => {
        const recorder = new Recorder();
        await driver.subscribe(group, [topic], recorder.deliver());
        return recorder;
      }),
    );
    await sendAll(driver, numbered(topic, 100, KEY_PER_PARTITION));
    for (const recorder of recorders) {
      await scene.until('100 messages', () => recorder.numbers.length === 100);
      expect(recorder.texts).toHaveLength(100);
    }
  },

  'reads old messages in a group that was declared from the earliest': async (scene) => {
    const [topic, late, now] = [scene.name('old'), scene.name('late'), scene.name('now')];
    const publisher = await scene.start(scene.topology([topic]));
    await sendAll(publisher, numbered(topic, 40, KEY_PER_PARTITION));
    const reader = await scene.start(
      scene.topology([topic], [{ name: late, topics: [topic], from: 'earliest' }, now]),
    );
    const [all, fresh] = [new Recorder(), new Recorder()];
    await reader.subscribe(late, [topic], all.deliver());
    await reader.subscribe(now, [topic], fresh.deliver());
    await scene.until('the old messages', () => all.numbers.length === 40);
    await sendAll(publisher, numbered(topic, 8, KEY_PER_PARTITION, 40));
    await scene.until('the new messages', () => all.numbers.length === 48 && fresh.numbers.length === 8);
    expect(fresh.numbers).toEqual(upTo(8).map((n) => 40 + n));
  },

  'keeps for a declared group what is published before it subscribes': async (scene) => {
    const [topic, group] = [scene.name('early'), scene.name('reader')];
    const topology = scene.topology([topic], [group]);
    const publisher = await scene.start(topology);
    await sendAll(publisher, numbered(topic, 16, KEY_PER_PARTITION));
    const reader = await scene.start(topology);
    const recorder = new Recorder();
    await reader.subscribe(group, [topic], recorder.deliver());
    await scene.until('16 messages', () => recorder.numbers.length === 16);
  },

  'delivers again, in order and without a gap, what a handler refused': async (scene) => {
    const [topic, group] = [scene.name('refused'), scene.name('reader')];
    const driver = await scene.start(scene.topology([topic], [group]));
    const recorder = new Recorder();
    let failures = 0;
    const deliver = recorder.deliver((messages) => {
      if (failures >= 3 || !messages.some((m) => m.body.toString() === '7')) return;
      failures += 1;
      throw new Error('refused by the case');
    });
    await driver.subscribe(group, [topic], deliver, { batchSize: 5 });
    await sendAll(driver, numbered(topic, 20, ['one']));
    await scene.until('20 messages', () => recorder.numbers.length === 20);
    expect(failures).toBe(3);
    expect(recorder.texts.map(Number)).toEqual(upTo(20));
  },

  'goes on with other partitions while one is refused': async (scene) => {
    const [topic, group] = [scene.name('poison'), scene.name('reader')];
    const driver = await scene.start(scene.topology([topic], [group]));
    const recorder = new Recorder();
    const [poisoned = '', ...others] = KEY_PER_PARTITION;
    let heal = false;
    const deliver = recorder.deliver((messages) => {
      if (!heal && messages.some((m) => m.key === poisoned)) throw new Error('refused by the case');
    });
    await driver.subscribe(group, [topic], deliver);
    await sendAll(driver, numbered(topic, 80, KEY_PER_PARTITION));
    await scene.until('the other partitions', () => recorder.settled.length === 70);
    await sendAll(driver, numbered(topic, 70, others, 80));
    await scene.until('what came later', () => recorder.settled.length === 140);
    heal = true;
    await scene.until('the refused partition', () => recorder.settled.length === 150);
    expect(recorder.firstsOf(poisoned)).toEqual(upTo(10).map((n) => n * 8));
  },

  'respects batch size and concurrency, and never runs a partition twice at once': async (scene) => {
    const [topic, group] = [scene.name('bounds'), scene.name('reader')];
    const driver = await scene.start(scene.topology([topic], [group]));
    const recorder = new Recorder();
    const deliver = recorder.deliver(() => new Promise((resolve) => setImmediate(resolve)));
    await driver.subscribe(group, [topic], deliver, { batchSize: 10, concurrency: 3 });
    await sendAll(driver, numbered(topic, 800, KEY_PER_PARTITION));
    await scene.until('800 messages', () => recorder.numbers.length === 800);
    expect(Math.max(...recorder.calls.map((call) => call.length))).toBe(10);
    expect(recorder.mostRunning).toBeGreaterThan(1);
    expect(recorder.mostRunning).toBeLessThanOrEqual(3);
    expect(recorder.overlaps).toEqual([]);
  },

  'starts nothing while paused, and goes on where it stood': async (scene) => {
    const [topic, group] = [scene.name('paused'), scene.name('reader')];
    const driver = await scene.start(scene.topology([topic], [group]));
    const [recorder, gate] = [new Recorder(), new Gate()];
    const consumer = await driver.subscribe(group, [topic], recorder.deliver(gate.passed), {
      concurrency: 1,
    });
    await sendAll(driver, [messageTo(topic, 'one', '0')]);
    await scene.until('a running call', () => recorder.calls.length === 1);
    consumer.pause();
    consumer.pause();
    gate.open();
    await sendAll(driver, numbered(topic, 9, ['one'], 1));
    await scene.until('its end, acknowledged', async () => (await lagOf(driver, group)) === 9);
    expect(recorder.texts).toEqual(['0']);
    consumer.resume();
    await scene.until('the rest', () => recorder.settled.length === 10);
    expect(recorder.texts.map(Number)).toEqual(upTo(10));
  },

  'shows how far a group is behind': async (scene) => {
    const [topic, group] = [scene.name('lag'), scene.name('reader')];
    const driver = await scene.start(scene.topology([topic], [group]));
    await sendAll(driver, numbered(topic, 30, KEY_PER_PARTITION));
    await scene.until('a lag of 30', async () => (await lagOf(driver, group)) === 30);
    const row = (await driver.lag()).find((l) => l.group === group);
    expect(row).toMatchObject({ topic, messages: 30 });
    expect(row?.oldestAgeMs).toBeGreaterThanOrEqual(0);
    const recorder = new Recorder();
    await driver.subscribe(group, [topic], recorder.deliver());
    await scene.until('no lag', async () => (await lagOf(driver, group)) === 0);
    expect(recorder.numbers).toHaveLength(30);
  },
};

async function lagOf(
  driver: { lag(): Promise<readonly { group: string; messages: number }[]> },
  group: string,
) {
  return (await driver.lag()).find((row) => row.group === group)?.messages;
}
