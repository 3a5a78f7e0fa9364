import { expect } from '@jest/globals';
import type { Consumer, Driver } from '../../src/index.js';
import { Recorder } from './recorder.js';
import { KEY_PER_PARTITION, numbered, PARTITIONS, type Scene, sendAll } from './scene.js';
import type { Cases } from './case.js';

export const sharingCases: Cases = {
  'shares a group between two instances, each message handled once': async (scene) => {
    const [topic, group] = [scene.name('shared'), scene.name('workers')];
    const topology = scene.topology([topic], [group]);
    const [a, b] = [await scene.start(topology), await scene.start(topology)];
    const [atA, atB] = [new Recorder(), new Recorder()];
    const consumers = [
      await a.subscribe(group, [topic], atA.deliver()),
      await b.subscribe(group, [topic], atB.deliver()),
    ];
    await evenly(scene, topic, consumers);
    await sendAll(a, numbered(topic, 160, KEY_PER_PARTITION));
    await scene.until('160 messages', () => atA.settled.length + atB.settled.length === 160);
    expect(atA.settled).toHaveLength(80);
    expect(atB.settled).toHaveLength(80);
  },

  'shares within one of each other after joins and leaves': async (scene) => {
    const [topic, group] = [scene.name('even'), scene.name('workers')];
    const topology = scene.topology([topic], [group]);
    const consumers: Consumer[] = [];
    for (let i = 0; i < 3; i += 1) {
      const driver = await scene.start(topology);
      consumers.push(await driver.subscribe(group, [topic], new Recorder().deliver()));
      await evenly(scene, topic, consumers);
    }
    await consumers.shift()?.close();
    await evenly(scene, topic, consumers);
    await consumers.shift()?.close();
    await evenly(scene, topic, consumers);
  },

  'loses, repeats and reorders nothing while instances join and leave in good order': async (scene) => {
    const [topic, group] = [scene.name('moving'), scene.name('workers')];
    const topology = scene.topology([topic], [group]);
    const publisher = await scene.start(topology);
    const recorder = new Recorder();
    const deliver = recorder.deliver(() => new Promise((resolve) => setTimeout(resolve, 1)));
    const join = async (): Promise<Driver> => {
      const driver = await scene.start(topology);
      await driver.subscribe(group, [topic], deliver, { batchSize: 20 });
      return driver;
    };
    const first = await join();
    let sent = 0;
    let stop = false;
    const publishing = (async () => {
      while (!stop) {
        await sendAll(publisher, numbered(topic, 16, KEY_PER_PARTITION, sent));
        sent += 16;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
    const goesOn = async (): Promise<void> => {
      const seen = recorder.settled.length;
      await scene.until('messages flow', () => recorder.settled.length > seen + 100);
    };
    try {
      await goesOn();
      const second = await join();
      await goesOn();
      const third = await join();
      await goesOn();
      await first.close();
      await goesOn();
      await Promise.all([second.close(), join()]);
      await goesOn();
      await third.close();
      await goesOn();
    } finally {
      stop = true;
      await publishing;
    }
    await scene.until('all messages', () => recorder.numbers.length === sent);
    expect(recorder.texts).toHaveLength(sent);
    expect(recorder.overlaps).toEqual([]);
    for (const key of KEY_PER_PARTITION) {
      const firsts = recorder.firstsOf(key);
      expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
    }
  },

  'leaves a spare instance idle but ready when there are more instances than partitions': async (scene) => {
    const [topic, group] = [scene.name('spare'), scene.name('workers')];
    const topology = scene.topology([topic], [group]);
    const consumers: Consumer[] = [];
    const driver = await scene.start(topology);
    consumers.push(await driver.subscribe(group, [topic], new Recorder().deliver()));
    const others = await Promise.all(Array.from({ length: PARTITIONS }, () => scene.start(topology)));
    for (const other of others) {
      consumers.push(await other.subscribe(group, [topic], new Recorder().deliver()));
    }
    await evenly(scene, topic, consumers);
    const [busy] = consumers.filter((c) => countOf(c, topic) === 1);
    await busy?.close();
    await evenly(
      scene,
      topic,
      consumers.filter((c) => c !== busy),
    );
  },
};

const countOf = (consumer: Consumer, topic: string): number => consumer.partitions().get(topic)?.length ?? 0;

/** All partitions are held, each once, and the shares differ by one at most. */
async function evenly(scene: Scene, topic: string, consumers: readonly Consumer[]): Promise<void> {
  await scene.until(`even shares between ${String(consumers.length)}`, () => {
    const counts = consumers.map((consumer) => countOf(consumer, topic));
    const held = new Set(consumers.flatMap((consumer) => consumer.partitions().get(topic) ?? []));
    const total = counts.reduce((sum, count) => sum + count, 0);
    return held.size === PARTITIONS && total === PARTITIONS && Math.max(...counts) - Math.min(...counts) <= 1;
  });
}
