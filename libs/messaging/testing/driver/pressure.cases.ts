import { expect } from '@jest/globals';
import type { Cases } from './case.js';
import { Gate, Recorder } from './recorder.js';
import { KEY_PER_PARTITION, numbered, sendAll } from './scene.js';

const MESSAGES = 800;

export const pressureCases: Cases = {
  'holds its partitions while a handler is stuck for longer than a session, and shows its lag': async (
    scene,
  ) => {
    const [topic, group] = [scene.name('slow'), scene.name('reader')];
    const topology = scene.topology([topic], [group]);
    const [publisher, reader] = [await scene.start(topology), await scene.start(topology)];
    const [recorder, gate] = [new Recorder(), new Gate()];
    await reader.subscribe(group, [topic], recorder.deliver(gate.passed), { batchSize: 10 });
    await sendAll(publisher, numbered(topic, MESSAGES, KEY_PER_PARTITION));

    await scene.until('a running call', () => recorder.calls.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 1.5 * scene.sessionMs));
    const lag = (await reader.lag()).find((row) => row.group === group)?.messages;
    gate.open();
    await scene.until('all messages', () => recorder.settled.length >= MESSAGES);

    expect(lag).toBe(MESSAGES);
    expect(recorder.settled).toHaveLength(MESSAGES);
    expect(recorder.numbers).toHaveLength(MESSAGES);
  },
};
