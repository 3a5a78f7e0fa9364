import { expect } from '@jest/globals';
import { Gate, Recorder } from './recorder.js';
import { KEY_PER_PARTITION, messageTo, numbered, sendAll } from './scene.js';
import type { Cases } from './case.js';

export const closeCases: Cases = {
  'goes on after a close where the last instance stopped': async (scene) => {
    const [topic, group] = [scene.name('continue'), scene.name('workers')];
    const topology = scene.topology([topic], [group]);
    const publisher = await scene.start(topology);
    const recorder = new Recorder();
    for (let round = 0; round < 3; round += 1) {
      await sendAll(publisher, numbered(topic, 40, KEY_PER_PARTITION, round * 40));
      const driver = await scene.start(topology);
      await driver.subscribe(group, [topic], recorder.deliver(), { batchSize: 7 });
      await scene.until('this round', () => recorder.numbers.length >= (round + 1) * 40);
      await driver.close();
    }
    expect(recorder.texts).toHaveLength(120);
  },

  'lets what runs end and acknowledges it when a consumer closes': async (scene) => {
    const [topic, group] = [scene.name('drain'), scene.name('workers')];
    const topology = scene.topology([topic], [group]);
    const driver = await scene.start(topology);
    const [first, second, gate] = [new Recorder(), new Recorder(), new Gate()];
    const consumer = await driver.subscribe(group, [topic], first.deliver(gate.passed), { batchSize: 5 });
    await sendAll(driver, numbered(topic, 20, ['one']));
    await scene.until('a running call', () => first.calls.length === 1);
    const closed = Promise.all([consumer.close(), consumer.close()]);
    gate.open();
    await closed;
    const started = first.texts.length;
    expect(started).toBeLessThanOrEqual(5);
    expect(consumer.partitions().size).toBe(0);
    await driver.subscribe(group, [topic], second.deliver());
    await scene.until('the rest', () => second.settled.length === 20 - started);
    expect([...first.texts, ...second.texts].map(Number)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  },

  'closes within its deadline though a handler hangs, whose messages are delivered again': async (scene) => {
    const [topic, group] = [scene.name('hangs'), scene.name('workers')];
    const topology = scene.topology([topic], [group]);
    const driver = await scene.start(topology);
    const [recorder, gate] = [new Recorder(), new Gate()];
    await driver.subscribe(group, [topic], recorder.deliver(gate.passed));
    await sendAll(driver, [messageTo(topic, 'one', '0')]);
    await scene.until('a running call', () => recorder.calls.length === 1);
    await driver.close(200);
    const heir = await scene.start(topology);
    const atHeir = new Recorder();
    await heir.subscribe(group, [topic], atHeir.deliver());
    await scene.until('the message at the heir', () => atHeir.settled.length === 1);
    gate.open();
  },

  'may be closed from several places at once': async (scene) => {
    const [topic, group] = [scene.name('closes'), scene.name('workers')];
    const driver = await scene.start(scene.topology([topic], [group]));
    const consumer = await driver.subscribe(group, [topic], new Recorder().deliver());
    await sendAll(driver, numbered(topic, 50, KEY_PER_PARTITION));
    await Promise.all([driver.close(), driver.close(), consumer.close(), driver.close()]);
    await driver.close();
    expect((await driver.health()).up).toBe(false);
  },

  'settles every send when the publisher closes, and delivers what it confirmed': async (scene) => {
    const [topic, group] = [scene.name('last'), scene.name('reader')];
    const topology = scene.topology([topic], [group]);
    const [publisher, reader] = [await scene.start(topology), await scene.start(topology)];
    const recorder = new Recorder();
    await reader.subscribe(group, [topic], recorder.deliver());
    const sends = Array.from({ length: 100 }, (_, i) =>
      publisher.send([messageTo(topic, KEY_PER_PARTITION[i % 8] ?? '', String(i))]),
    );
    const [outcomes] = await Promise.all([Promise.all(sends), publisher.close()]);
    const confirmed = outcomes.flatMap(([error], i) => (error === undefined ? [i] : []));
    await scene.until('what was confirmed', () => confirmed.every((n) => recorder.numbers.includes(n)));
    const [late] = await publisher.send([messageTo(topic, 'one', 'late')]);
    expect(late?.outcome).toBe('not-stored');
  },

  'goes on after a consumer was closed and subscribed again': async (scene) => {
    const [topic, group] = [scene.name('again'), scene.name('workers')];
    const driver = await scene.start(scene.topology([topic], [group]));
    const recorder = new Recorder();
    for (let round = 0; round < 3; round += 1) {
      const consumer = await driver.subscribe(group, [topic], recorder.deliver());
      await sendAll(driver, numbered(topic, 16, KEY_PER_PARTITION, round * 16));
      await scene.until('this round', () => recorder.numbers.length === (round + 1) * 16);
      await consumer.close();
    }
    expect(recorder.texts).toHaveLength(48);
  },
};
