import { describe, expect, it } from '@jest/globals';
import { until } from '@taskwire/testing';
import { z } from 'zod';
import { MemoryBroker, memoryDriver } from '../src/drivers/memory/index.js';
import { Bus, direct, event, onEvents, subscription, topologyOf } from '../src/index.js';
import { crashAt } from './index.js';

const Said = event('word.said.v1', {
  topic: 'words',
  key: (word) => word.speaker,
  payload: z.object({ speaker: z.string(), text: z.string() }),
});
const words = subscription('words.heard', { kind: 'group', events: [Said] });
const topology = topologyOf([Said], [words]);

/** An instance that hears words. */
async function start(broker: MemoryBroker, heard: (text: string) => void) {
  const driver = memoryDriver(broker);
  const bus = new Bus({ driver, topology, log: () => undefined });
  const handler = onEvents([Said], (events) => {
    for (const { payload } of events) heard(payload.text);
  });
  await bus.serve(words, [handler], direct(driver));
  return { bus, driver };
}

describe('a crash at a named moment', () => {
  it('leaves the message to others, which get it again', async () => {
    const broker = new MemoryBroker();
    const heard: string[] = [];
    const first = await start(broker, (text) => heard.push(`first ${text}`));
    const crash = crashAt(first.driver, 'replied', { times: 2 });
    await first.bus.publish(Said, { speaker: 'ann', text: 'one' });
    await until('the first word', () => heard.length === 1);
    await first.bus.publish(Said, { speaker: 'ann', text: 'two' });
    await crash;
    const { promise, resolve } = Promise.withResolvers<string>();
    const second = await start(broker, resolve);
    expect(await promise).toBe('two');
    await Promise.all([first.bus.close(), second.bus.close()]);
  });

  it('says so when the moment does not come', async () => {
    const { bus, driver } = await start(new MemoryBroker(), () => undefined);
    await expect(crashAt(driver, 'sent', { limitMs: 20 })).rejects.toThrow(
      'the moment "sent" came 0 of 1 times within 20 ms',
    );
    await bus.close();
  });
});
