import { expect } from '@jest/globals';
import { Recorder, textsOf } from './recorder.js';
import { KEY_PER_PARTITION, messageTo, numbered, sendAll } from './scene.js';
import type { Cases } from './case.js';

/** More than any driver takes by default. */
const TOO_LARGE = 4 * 1024 ** 2;

export const publishCases: Cases = {
  'delivers key, partition, headers and bytes as they were sent': async (scene) => {
    const [topic, group] = [scene.name('bytes'), scene.name('reader')];
    const driver = await scene.start(scene.topology([topic], [group]));
    const recorder = new Recorder();
    await driver.subscribe(group, [topic], recorder.deliver());
    const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const sent = [
      { ...messageTo(topic, 'clé-ключ', '', { id: '1', note: 'naïve "quoted" \\ \n ключ 🙂' }), body: every },
      { ...messageTo(topic, 'empty', ''), body: Buffer.alloc(0) },
      { ...messageTo(topic, 'large', '', { id: '3' }), body: Buffer.alloc(300_000, every) },
    ];
    await sendAll(driver, sent);
    await scene.until('three messages', () => recorder.settled.length === 3);
    for (const message of sent) {
      const got = recorder.settled.find((m) => m.key === message.key);
      expect(got).toMatchObject({ topic, partition: message.partition, headers: message.headers });
      expect(got?.body.equals(message.body)).toBe(true);
    }
  },

  'gives each message a position that grows within its partition': async (scene) => {
    const [topic, group] = [scene.name('positions'), scene.name('reader')];
    const driver = await scene.start(scene.topology([topic], [group]));
    const recorder = new Recorder();
    await driver.subscribe(group, [topic], recorder.deliver());
    await sendAll(driver, numbered(topic, 50, ['one']));
    await scene.until('50 messages', () => recorder.settled.length === 50);
    const positions = recorder.settled.map((m) => m.position);
    expect(new Set(positions).size).toBe(50);
    expect(positions.map(Number)).toEqual(positions.map(Number).sort((a, b) => a - b));
  },

  'keeps the order of a key over many sends that overlap': async (scene) => {
    const [topic, group] = [scene.name('order'), scene.name('reader')];
    const driver = await scene.start(scene.topology([topic], [group]));
    const recorder = new Recorder();
    await driver.subscribe(group, [topic], recorder.deliver());
    const keys = KEY_PER_PARTITION.slice(0, 3);
    const messages = numbered(topic, 600, keys);
    const sends = Array.from({ length: 200 }, (_, i) => sendAll(driver, messages.slice(i * 3, i * 3 + 3)));
    await Promise.all(sends);
    await scene.until('600 messages', () => recorder.numbers.length === 600);
    for (const [index, key] of keys.entries()) {
      expect(recorder.firstsOf(key)).toEqual(Array.from({ length: 200 }, (_, i) => index + 3 * i));
    }
  },

  'takes sends of several instances at once and loses none': async (scene) => {
    const [topic, group] = [scene.name('publishers'), scene.name('reader')];
    const topology = scene.topology([topic], [group]);
    const drivers = await Promise.all([1, 2, 3].map(() => scene.start(topology)));
    const recorder = new Recorder();
    await drivers[0]?.subscribe(group, [topic], recorder.deliver());
    await Promise.all(
      drivers.flatMap((driver, d) =>
        Array.from({ length: 10 }, (_, i) =>
          sendAll(driver, numbered(topic, 20, KEY_PER_PARTITION, d * 200 + i * 20)),
        ),
      ),
    );
    await scene.until('600 messages', () => recorder.numbers.length === 600);
    expect(recorder.texts).toHaveLength(600);
  },

  'confirms a large send in full and delivers it once': async (scene) => {
    const [topic, group] = [scene.name('large'), scene.name('reader')];
    const driver = await scene.start(scene.topology([topic], [group]));
    const recorder = new Recorder();
    await driver.subscribe(group, [topic], recorder.deliver());
    const results = await driver.send(numbered(topic, 3_000, KEY_PER_PARTITION));
    expect(results).toHaveLength(3_000);
    expect(results.filter((error) => error !== undefined)).toEqual([]);
    await scene.until('3,000 messages', () => recorder.numbers.length === 3_000);
    expect(recorder.texts).toHaveLength(3_000);
  },

  'stores what comes before a message that is too large, and nothing of its partition behind it': async (
    scene,
  ) => {
    const [topic, group] = [scene.name('prefix'), scene.name('reader')];
    const driver = await scene.start(scene.topology([topic], [group]));
    const recorder = new Recorder();
    await driver.subscribe(group, [topic], recorder.deliver());
    const [one = '', other = ''] = KEY_PER_PARTITION;
    const results = await driver.send([
      messageTo(topic, one, 'before'),
      { ...messageTo(topic, one, ''), body: Buffer.alloc(TOO_LARGE) },
      messageTo(topic, one, 'behind'),
      messageTo(topic, other, 'elsewhere'),
    ]);
    expect(results).toMatchObject([
      undefined,
      { outcome: 'not-stored', permanent: true },
      { outcome: 'not-stored', permanent: false },
      undefined,
    ]);
    await sendAll(driver, [messageTo(topic, one, 'later')]);
    await scene.until('three messages', () => recorder.settled.length >= 3);
    expect(recorder.texts.toSorted()).toEqual(['before', 'elsewhere', 'later']);
  },

  'reads several topics with one consumer': async (scene) => {
    const [first, second, group] = [scene.name('first'), scene.name('second'), scene.name('reader')];
    const driver = await scene.start(scene.topology([first, second], [group]));
    const recorder = new Recorder();
    const consumer = await driver.subscribe(group, [first, second], recorder.deliver());
    await sendAll(driver, [messageTo(first, 'k', 'a'), messageTo(second, 'k', 'b')]);
    await scene.until('both messages', () => recorder.settled.length === 2);
    expect(recorder.texts.sort()).toEqual(['a', 'b']);
    expect([...consumer.partitions().keys()].sort()).toEqual([first, second].sort());
  },

  'keeps topics apart': async (scene) => {
    const [mine, other, group] = [scene.name('mine'), scene.name('other'), scene.name('reader')];
    const declared = { name: group, topics: [mine], from: 'now' as const };
    const driver = await scene.start(scene.topology([mine, other], [declared]));
    const recorder = new Recorder();
    await driver.subscribe(group, [mine], recorder.deliver());
    await sendAll(driver, [...numbered(other, 16, KEY_PER_PARTITION), messageTo(mine, 'k', 'mine')]);
    await sendAll(driver, numbered(mine, 8, KEY_PER_PARTITION));
    await scene.until('nine messages', () => recorder.settled.length >= 9);
    expect(textsOf(recorder.settled.filter((m) => m.topic !== mine))).toEqual([]);
  },

  'answers a send of nothing': async (scene) => {
    const driver = await scene.start(scene.topology([scene.name('nothing')]));
    expect(await driver.send([])).toEqual([]);
  },
};
