import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from '@jest/globals';
import type { Driver } from '../../src/index.js';
import type { Cases } from './case.js';
import { Gate, Recorder } from './recorder.js';
import { KEY_PER_PARTITION, messageTo, sendAll } from './scene.js';

const MESSAGES = 4_096;
const BODY_BYTES = 16 * 1024;
const PER_SEND = 128;
const LOOKS = 4;

export const pressureCases: Cases = {
  'keeps a part only of what waits for a slow handler, holds its partitions, and shows its lag': async (
    scene,
  ) => {
    const [topic, group] = [scene.name('slow'), scene.name('reader')];
    const topology = scene.topology([topic], [group]);
    const publisher = await scene.start(topology);
    await sendNumbered(publisher, topic);
    const reader = await scene.start(topology);
    const before = await bytesHeld();
    const [recorder, gate] = [new Recorder(), new Gate()];
    await reader.subscribe(group, [topic], recorder.deliver(gate.passed), { batchSize: 10 });

    await scene.until('a running call', () => recorder.calls.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 1.5 * scene.sessionMs));
    const held = (await bytesHeld()) - before;
    const lag = (await reader.lag()).find((row) => row.group === group)?.messages;
    gate.open();
    await scene.until('all messages', () => recorder.settled.length >= MESSAGES);

    expect(held).toBeLessThan((MESSAGES * BODY_BYTES) / 2);
    expect(lag).toBe(MESSAGES);
    expect(recorder.settled).toHaveLength(MESSAGES);
    expect(recorder.numbers).toHaveLength(MESSAGES);
  },
};

async function sendNumbered(publisher: Driver, topic: string): Promise<void> {
  for (let from = 0; from < MESSAGES; from += PER_SEND) {
    const messages = Array.from({ length: PER_SEND }, (_, i) => {
      const key = KEY_PER_PARTITION[i % KEY_PER_PARTITION.length] ?? '';
      return messageTo(topic, key, String(from + i).padEnd(BODY_BYTES));
    });
    await sendAll(publisher, messages);
  }
}

/** Of JavaScript objects and of bytes beside the heap: the least of several looks, since some is freed later than it could be. */
async function bytesHeld(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let least = Infinity;
  for (let look = 0; look < LOOKS; look += 1) {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    least = Math.min(least, heapUsed + arrayBuffers);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return least;
}
