import { expect } from '@jest/globals';
import type { BusCases } from './suite.js';
import { word } from './world.js';

export const broadcastCases: BusCases = {
  'tells every instance of a broadcast, after a resync, and passes by what it does not know': async (
    world,
  ) => {
    const { Said, Heard, live } = world.words;
    const [first, second, sender] = [await world.start(), await world.start(), await world.start()];
    const heard = new Map<unknown, string[]>();
    let resyncs = 0;
    for (const { bus } of [first, second]) {
      const texts: string[] = [];
      heard.set(bus, texts);
      await bus.listen(live, {
        receive: ({ payload }) => void texts.push((payload as { text: string }).text),
        resync: () => void (resyncs += 1),
      });
    }
    await world.until('both resyncs', () => resyncs >= 2);
    await sender.bus.publish(Heard, word('ann', 'other'));
    await sender.bus.publish(Said, word('ann', 'news'));
    for (const texts of heard.values()) {
      await world.until('the news', () => texts.length > 0);
      expect(texts).toEqual(['news']);
    }
  },

  'hears nothing of a broadcast that was closed, and all of it when it listens again, after a resync': async (
    world,
  ) => {
    const { Said, live } = world.words;
    const { bus } = await world.start();
    const heard: string[] = [];
    let resyncs = 0;
    const handlers = {
      receive: ({ payload }: { payload: unknown }) => void heard.push((payload as { text: string }).text),
      resync: () => void (resyncs += 1),
    };
    const first = await bus.listen(live, handlers);
    await world.until('the first resync', () => resyncs === 1);
    await first.close();
    await bus.publish(Said, word('ann', 'missed'));
    await bus.listen(live, handlers);
    await world.until('the second resync', () => resyncs === 2);
    await bus.publish(Said, word('ann', 'news'));
    await world.until('the news', () => heard.length > 0);
    expect(heard).toEqual(['news']);
  },

  'resyncs again until it succeeds': async (world) => {
    const { live } = world.words;
    const { bus } = await world.start();
    let tries = 0;
    const resync = () => {
      tries += 1;
      if (tries === 1) throw new Error('the service is not up yet');
    };
    await bus.listen(live, { receive: () => undefined, resync });
    await world.until('the second try', () => tries === 2);
  },
};
