import { expect } from '@jest/globals';
import type { Driver, GroupReading } from '../../src/index.js';
import type { Cases } from './case.js';
import { Recorder } from './recorder.js';
import { KEY_PER_PARTITION, numbered, sendAll } from './scene.js';

const readingsOf = async (driver: Driver, group: string): Promise<readonly GroupReading[]> =>
  (await driver.groups()).filter((reading) => reading.group === group);

export const forgetCases: Cases = {
  'lists groups that others declared, with what they have not read and how many instances read them': async (
    scene,
  ) => {
    const [topic, idle, busy] = [scene.name('listed'), scene.name('idle'), scene.name('busy')];
    const topology = scene.topology([topic], [idle, busy]);
    const instances = [await scene.start(topology), await scene.start(topology)];
    for (const instance of instances) await instance.subscribe(busy, [topic], new Recorder().deliver());
    await sendAll(instances[0] as Driver, numbered(topic, 16, KEY_PER_PARTITION));

    const stranger = await scene.start({ topics: [], groups: [] });
    await scene.until('both instances, and all read', async () => {
      const [reading] = await readingsOf(stranger, busy);
      return reading?.members === 2 && reading.messages === 0;
    });
    expect(await readingsOf(stranger, idle)).toMatchObject([
      { group: idle, topic, messages: 16, members: 0, oldestAgeMs: expect.any(Number) },
    ]);
  },

  'forgets a group once no instance reads it, which then starts anew': async (scene) => {
    const [topic, group] = [scene.name('left'), scene.name('gone')];
    const topology = scene.topology([topic], [group]);
    const driver = await scene.start(topology);
    const operator = await scene.start({ topics: [], groups: [] });
    const consumer = await driver.subscribe(group, [topic], new Recorder().deliver());
    await scene.until('its instance', async () => (await readingsOf(operator, group))[0]?.members === 1);

    await expect(operator.forgetGroup(group)).rejects.toThrow(
      `group ${group} has 1 running instances: stop them first`,
    );
    await consumer.close();
    await sendAll(driver, numbered(topic, 5, KEY_PER_PARTITION));
    await operator.forgetGroup(group);

    expect(await readingsOf(operator, group)).toEqual([]);
    expect(await operator.plan(topology)).toMatchObject([{ kind: 'missing', what: 'group', name: group }]);
    await expect(operator.forgetGroup(group)).rejects.toThrow(`there is no group ${group}`);

    const heir = await scene.start(topology);
    const recorder = new Recorder();
    await heir.subscribe(group, [topic], recorder.deliver());
    await sendAll(heir, numbered(topic, 5, KEY_PER_PARTITION, 5));
    await scene.until('what was sent since', () => recorder.settled.length >= 5);
    expect(recorder.numbers).toEqual([5, 6, 7, 8, 9]);
  },

  'forgets what a group no longer reads of one topic, while it reads another': async (scene) => {
    const [left, read, group] = [scene.name('left'), scene.name('read'), scene.name('mover')];
    const before = await scene.start(scene.topology([left], [group]));
    await sendAll(before, numbered(left, 3, KEY_PER_PARTITION));
    const driver = await scene.start(scene.topology([read], [group]));
    const recorder = new Recorder();
    await driver.subscribe(group, [read], recorder.deliver());
    await scene.until('its instance', async () =>
      (await readingsOf(driver, group)).some(({ members }) => members === 1),
    );

    expect(await readingsOf(driver, group)).toMatchObject([
      { topic: left, messages: 3, members: 0 },
      { topic: read, messages: 0, members: 1 },
    ]);
    await expect(driver.forgetGroup(group, read)).rejects.toThrow(
      `group ${group} on topic ${read} has 1 running instances: stop them first`,
    );
    await driver.forgetGroup(group, left);
    await expect(driver.forgetGroup(group, left)).rejects.toThrow(
      `there is no group ${group} on topic ${left}`,
    );

    await sendAll(driver, numbered(read, 4, KEY_PER_PARTITION));
    await scene.until('what it reads', () => recorder.settled.length === 4);
    expect(await readingsOf(driver, group)).toMatchObject([{ topic: read, members: 1 }]);
  },
};
