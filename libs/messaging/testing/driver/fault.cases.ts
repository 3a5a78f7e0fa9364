import { expect } from '@jest/globals';
import { Gate, Recorder } from './recorder.js';
import { KEY_PER_PARTITION, messageTo, numbered, sendAll } from './scene.js';
import type { Cases } from './case.js';

export const faultCases: Cases = {
  'gives to another instance what a killed one did not acknowledge': async (scene) => {
    const [topic, group] = [scene.name('killed'), scene.name('workers')];
    const topology = scene.topology([topic], [group]);
    const [victim, publisher] = [await scene.start(topology), await scene.start(topology)];
    const [atVictim, atHeir, gate] = [new Recorder(), new Recorder(), new Gate()];
    await victim.subscribe(group, [topic], atVictim.deliver(gate.passed));
    await sendAll(publisher, numbered(topic, 40, KEY_PER_PARTITION));
    await scene.until('work in flight', () => atVictim.calls.length > 0);
    await scene.kill(victim);
    gate.open();
    const heir = await scene.start(topology);
    await heir.subscribe(group, [topic], atHeir.deliver());
    await scene.until('all 40 at the heir', () => atHeir.numbers.length === 40);
    for (const key of KEY_PER_PARTITION) {
      const firsts = atHeir.firstsOf(key);
      expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
    }
  },

  'comes back by itself after its connections were cut, and loses nothing': async (scene) => {
    const [topic, group] = [scene.name('cut'), scene.name('workers')];
    const topology = scene.topology([topic], [group]);
    const [reader, publisher] = [await scene.start(topology), await scene.start(topology)];
    const recorder = new Recorder();
    await reader.subscribe(group, [topic], recorder.deliver());
    for (let round = 0; round < 3; round += 1) {
      await sendAll(publisher, numbered(topic, 40, KEY_PER_PARTITION, round * 80));
      await scene.target.cut(reader);
      await sendAll(publisher, numbered(topic, 40, KEY_PER_PARTITION, round * 80 + 40));
      await scene.until('what was sent so far', () => recorder.numbers.length === (round + 1) * 80);
    }
    await scene.until('health', async () => (await reader.health()).up);
    for (const key of KEY_PER_PARTITION) {
      const firsts = recorder.firstsOf(key);
      expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
    }
  },

  'does not acknowledge what was running when its connections were cut and another took over': async (
    scene,
  ) => {
    const [topic, group] = [scene.name('zombie'), scene.name('workers')];
    const topology = scene.topology([topic], [group]);
    const [driver, publisher] = [await scene.start(topology), await scene.start(topology)];
    const [recorder, gate] = [new Recorder(), new Gate()];
    await driver.subscribe(group, [topic], recorder.deliver(gate.passed));
    await sendAll(publisher, [messageTo(topic, 'one', '0')]);
    await scene.until('a running call', () => recorder.calls.length === 1);
    await scene.kill(driver);
    const heir = await scene.start(topology);
    const atHeir = new Recorder();
    await heir.subscribe(group, [topic], atHeir.deliver());
    await scene.until('the message at the heir', () => atHeir.settled.length === 1);
    await sendAll(publisher, [messageTo(topic, 'one', '1')]);
    await scene.until('the next at the heir', () => atHeir.settled.length === 2);
    gate.open();
    await scene.until('the end of the zombie call', () => recorder.settled.length === 1);
    expect(atHeir.texts).toEqual(['0', '1']);
  },

  'sends again after its connections were cut, each send with a clear outcome': async (scene) => {
    const [topic, group] = [scene.name('outcome'), scene.name('reader')];
    const topology = scene.topology([topic], [group]);
    const [publisher, reader] = [await scene.start(topology), await scene.start(topology)];
    const recorder = new Recorder();
    await reader.subscribe(group, [topic], recorder.deliver());
    const sends = Array.from({ length: 50 }, (_, i) => publisher.send([messageTo(topic, 'one', String(i))]));
    const [outcomes] = await Promise.all([Promise.all(sends), scene.target.cut(publisher)]);
    const confirmed = outcomes.flatMap(([error], i) => (error === undefined ? [i] : []));
    const refused = outcomes.flatMap(([error], i) => (error?.outcome === 'not-stored' ? [i] : []));
    await scene.until('a send that works', async () => {
      const [error] = await publisher.send([messageTo(topic, 'one', 'end')]);
      return error === undefined;
    });
    await scene.until('what was confirmed', () => recorder.texts.includes('end'));
    expect(recorder.numbers.filter((n) => refused.includes(n))).toEqual([]);
    expect(confirmed.filter((n) => !recorder.numbers.includes(n))).toEqual([]);
  },

  'takes over quickly enough when one of two instances dies, while the other goes on': async (scene) => {
    const [topic, group] = [scene.name('half'), scene.name('workers')];
    const topology = scene.topology([topic], [group]);
    const [a, b, publisher] = [
      await scene.start(topology),
      await scene.start(topology),
      await scene.start(topology),
    ];
    const recorder = new Recorder();
    await a.subscribe(group, [topic], recorder.deliver());
    const survivor = await b.subscribe(group, [topic], recorder.deliver());
    await scene.until('even shares', () => survivor.partitions().get(topic)?.length === 4);
    await scene.kill(a);
    await sendAll(publisher, numbered(topic, 80, KEY_PER_PARTITION));
    await scene.until('all messages', () => recorder.numbers.length === 80);
    expect(survivor.partitions().get(topic)).toHaveLength(8);
  },
};
