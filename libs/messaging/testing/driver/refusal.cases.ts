import { expect } from '@jest/globals';
import type { Topology } from '../../src/index.js';
import { Recorder } from './recorder.js';
import { messageTo, numbered, sendAll } from './scene.js';
import type { Cases } from './case.js';

export const refusalCases: Cases = {
  'refuses a topic that was not declared, for good and by its name': async (scene) => {
    const driver = await scene.start(scene.topology([scene.name('known')]));
    const unknown = scene.name('unknown');
    const [error] = await driver.send([messageTo(unknown, 'one', 'x')]);
    expect(error).toMatchObject({ outcome: 'not-stored', permanent: true });
    expect(error?.message).toContain(unknown);
    expect(error?.message).toContain('declare');
  },

  'refuses a partition that the topic does not have': async (scene) => {
    const topic = scene.name('known');
    const driver = await scene.start(scene.topology([topic]));
    const [error] = await driver.send([{ ...messageTo(topic, 'one', 'x'), partition: 99 }]);
    expect(error).toMatchObject({ outcome: 'not-stored', permanent: true });
    expect(error?.message).toContain('99');
  },

  'refuses a group that was not declared, by its name': async (scene) => {
    const topic = scene.name('known');
    const driver = await scene.start(scene.topology([topic]));
    const group = scene.name('unknown');
    await expect(driver.subscribe(group, [topic], new Recorder().deliver())).rejects.toThrow(group);
  },

  'refuses a second consumer of a group on the same instance': async (scene) => {
    const [topic, group] = [scene.name('twice'), scene.name('workers')];
    const driver = await scene.start(scene.topology([topic], [group]));
    await driver.subscribe(group, [topic], new Recorder().deliver());
    await expect(driver.subscribe(group, [topic], new Recorder().deliver())).rejects.toThrow(group);
  },

  'refuses to change the number of partitions of a topic': async (scene) => {
    const topic = scene.name('fixed');
    const driver = await scene.start(scene.topology([topic]));
    const other: Topology = { topics: [{ name: topic, partitions: 3, retentionMs: 1_000 }], groups: [] };
    await expect(driver.declare(other)).rejects.toThrow(topic);
  },

  'plans what a declaration would make or refuse, and makes nothing': async (scene) => {
    const [topic, group] = [scene.name('planned'), scene.name('workers')];
    const topology = scene.topology([topic], [group]);
    const driver = await scene.start({ topics: [], groups: [] });
    const missing = [
      { kind: 'missing', what: 'topic', name: topic },
      { kind: 'missing', what: 'group', name: group },
    ];
    expect(await driver.plan(topology)).toMatchObject(missing);
    expect(await driver.plan(topology)).toMatchObject(missing);

    await driver.declare(topology);
    expect(await driver.plan(topology)).toEqual([]);
    const other: Topology = { topics: [{ name: topic, partitions: 3, retentionMs: 1_000 }], groups: [] };
    expect(await driver.plan(other)).toMatchObject([{ kind: 'conflict', what: 'topic', name: topic }]);
  },

  'tells how long it keeps messages of a topic that it has': async (scene) => {
    const [topic, unknown] = [scene.name('kept'), scene.name('unknown')];
    const { topics } = scene.topology([topic]);
    const driver = await scene.start({ topics, groups: [] });
    const retention = await driver.retention([topic, unknown]);
    expect([...retention]).toEqual(topics.map(({ name, retentionMs }) => [name, retentionMs]));
  },

  'declares the same topology from several instances at once, and again, without harm': async (scene) => {
    const [topic, group] = [scene.name('same'), scene.name('workers')];
    const topology = scene.topology([topic], [group]);
    const drivers = await Promise.all([1, 2, 3, 4].map(() => scene.start(topology)));
    const [driver] = drivers;
    if (!driver) throw new Error('no driver');
    await sendAll(driver, numbered(topic, 10, ['one']));
    await Promise.all(drivers.map((d) => d.declare(topology)));
    const recorder = new Recorder();
    await driver.subscribe(group, [topic], recorder.deliver());
    await scene.until('what was sent before', () => recorder.settled.length === 10);
  },

  'subscribes several groups at the same time': async (scene) => {
    const topic = scene.name('busy');
    const groups = Array.from({ length: 5 }, (_, i) => scene.name(`group-${String(i)}`));
    const driver = await scene.start(scene.topology([topic], groups));
    const recorders = groups.map(() => new Recorder());
    await Promise.all(
      groups.map((group, i) => driver.subscribe(group, [topic], recorders[i]?.deliver() ?? neverCalled)),
    );
    await sendAll(driver, numbered(topic, 20, ['one', 'two']));
    for (const recorder of recorders) {
      await scene.until('20 messages', () => recorder.settled.length === 20);
    }
  },
};

const neverCalled = (): Promise<void> => Promise.reject(new Error('no recorder'));
