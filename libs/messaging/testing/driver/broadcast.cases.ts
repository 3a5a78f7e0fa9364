import { expect } from '@jest/globals';
import { KEY_PER_PARTITION, messageTo, numbered, sendAll } from './scene.js';
import type { Cases } from './case.js';

export const broadcastCases: Cases = {
  'broadcasts to every instance what comes from now on': async (scene) => {
    const topic = scene.name('news');
    const topology = scene.topology([topic]);
    const drivers = [await scene.start(topology), await scene.start(topology)];
    const publisher = await scene.start(topology);
    await sendAll(publisher, numbered(topic, 8, KEY_PER_PARTITION));
    const heard = drivers.map(() => new Set<number>());
    for (const [i, driver] of drivers.entries()) {
      await driver.broadcast(
        [topic],
        (m) => heard[i]?.add(Number(m.body.toString())),
        () => undefined,
      );
    }
    await sendAll(publisher, numbered(topic, 16, KEY_PER_PARTITION, 8));
    const expected = Array.from({ length: 16 }, (_, i) => 8 + i);
    for (const numbers of heard) {
      await scene.until('16 messages', () => numbers.size >= 16);
      expect([...numbers].sort((a, b) => a - b)).toEqual(expected);
    }
  },

  'asks for a resync at the start of a broadcast and after each reconnect, then goes on': async (scene) => {
    const topic = scene.name('hints');
    const topology = scene.topology([topic]);
    const [driver, publisher] = [await scene.start(topology), await scene.start(topology)];
    const heard = new Set<string>();
    let resyncs = 0;
    await driver.broadcast(
      [topic],
      (m) => heard.add(m.body.toString()),
      () => (resyncs += 1),
    );
    await scene.until('the first resync', () => resyncs === 1);
    await scene.target.cut(driver);
    await scene.until('the second resync', () => resyncs >= 2);
    await scene.until('messages after the reconnect', async () => {
      await sendAll(publisher, [messageTo(topic, 'one', 'after')]);
      return heard.has('after');
    });
  },

  'stops a broadcast when it is paused or closed': async (scene) => {
    const topic = scene.name('quiet');
    const driver = await scene.start(scene.topology([topic]));
    const [paused, open] = [new Set<string>(), new Set<string>()];
    const consumer = await driver.broadcast(
      [topic],
      (m) => paused.add(m.body.toString()),
      () => undefined,
    );
    await driver.broadcast(
      [topic],
      (m) => open.add(m.body.toString()),
      () => undefined,
    );
    consumer.pause();
    await sendAll(driver, [messageTo(topic, 'one', 'a')]);
    await scene.until('the message at the other', () => open.has('a'));
    expect(paused.size).toBe(0);
    consumer.resume();
    await scene.until('the message after resume', () => paused.has('a'));
    await Promise.all([consumer.close(), consumer.close()]);
    await sendAll(driver, [messageTo(topic, 'one', 'b')]);
    await scene.until('the message at the other', () => open.has('b'));
    expect(paused.has('b')).toBe(false);
  },
};
