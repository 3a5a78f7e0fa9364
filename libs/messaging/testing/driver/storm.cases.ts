import { expect } from '@jest/globals';
import type { Driver, OutgoingMessage } from '../../src/index.js';
import { Recorder } from './recorder.js';
import { KEY_PER_PARTITION, numbered, type Scene } from './scene.js';
import type { Cases } from './case.js';

const ACTIONS = ['kill', 'cut', 'close', 'cut publisher'] as const;
const ROUNDS = 3;

export const stormCases: Cases = {
  'loses and reorders nothing while instances are killed, cut off and closed under load': async (scene) => {
    const [topic, group] = [scene.name('storm'), scene.name('workers')];
    const topology = scene.topology([topic], [group]);
    const recorder = new Recorder();
    const deliver = recorder.deliver(() => new Promise((resolve) => setTimeout(resolve, 1)));
    const start = async (): Promise<Driver> => {
      const driver = await scene.start(topology);
      await driver.subscribe(group, [topic], deliver, { batchSize: 20 });
      return driver;
    };
    const publisher = await scene.start(topology);
    const workers = [await start(), await start(), await start()];
    let sent = 0;
    let stop = false;
    const publishing = (async () => {
      while (!stop) {
        await sendUntilConfirmed(scene, publisher, numbered(topic, 16, KEY_PER_PARTITION, sent));
        sent += 16;
        await new Promise((resolve) => setTimeout(resolve, 4));
      }
    })();
    try {
      for (let round = 0; round < ROUNDS * ACTIONS.length; round += 1) {
        const seen = recorder.numbers.length;
        await scene.until('messages flow', () => recorder.numbers.length > seen + 50);
        const worker = workers[round % workers.length];
        const action = ACTIONS[round % ACTIONS.length];
        if (!worker) continue;
        if (action === 'cut') await scene.target.cut(worker);
        else if (action === 'cut publisher') await scene.target.cut(publisher);
        else {
          await (action === 'kill' ? scene.kill(worker) : worker.close());
          workers[round % workers.length] = await start();
        }
      }
    } finally {
      stop = true;
      await publishing;
    }
    await scene.until('all messages', () => recorder.numbers.length === sent);
    for (const [index, key] of KEY_PER_PARTITION.entries()) {
      const inOrder = Array.from({ length: sent / 8 }, (_, i) => index + 8 * i);
      expect(recorder.firstsOf(key)).toEqual(inOrder);
    }
  },
};

/** As a relay does: what was not confirmed is sent again, each partition's in order, before anything later. */
async function sendUntilConfirmed(
  scene: Scene,
  publisher: Driver,
  messages: readonly OutgoingMessage[],
): Promise<void> {
  let open = messages;
  await scene.until('confirmation', async () => {
    const results = await publisher.send(open);
    open = open.filter((_, i) => results[i] !== undefined);
    return open.length === 0;
  });
}
