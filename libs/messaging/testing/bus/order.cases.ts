import { expect } from '@jest/globals';
import { onCommand } from '../../src/index.js';
import type { BusCases } from './suite.js';
import { word } from './world.js';

export const orderCases: BusCases = {
  'keeps the order of a key while one of its messages is tried again': async (world) => {
    const { Say, Said, commands } = world.words;
    const collected = await world.collect();
    const { bus, store } = await world.start();
    const failures = new Map<string, number>();
    const say = onCommand(Say, ({ payload }, { publish }) => {
      const failed = failures.get(payload.text) ?? 0;
      if (payload.text.endsWith('5') && failed < 2) {
        failures.set(payload.text, failed + 1);
        throw new Error('not yet');
      }
      publish(Said, payload);
      return payload;
    });
    await bus.serve(commands, [say], store);
    const texts = Array.from({ length: 20 }, (_, n) => `n${n}`);
    const results = await Promise.all(
      texts.flatMap((text) => [
        bus.request(Say, word('ann', text), world.options()),
        bus.request(Say, word('bob', text), world.options()),
      ]),
    );
    for (const result of results) expect(result).toMatchObject({ status: 'done' });
    await world.until('all of them', () => collected.length >= 40);
    for (const speaker of ['ann', 'bob']) {
      const said = collected.filter((one) => one.speaker === speaker).map(({ text }) => text);
      expect(said).toEqual(texts);
    }
  },

  'keeps the order of a key over two instances that come and go': async (world) => {
    const { Say, Said, commands } = world.words;
    const collected = await world.collect();
    const requester = await world.start();
    const say = onCommand(Say, ({ payload }, { publish }) => {
      publish(Said, payload);
      return payload;
    });
    const first = await world.start();
    await first.bus.serve(commands, [say], first.store);
    const texts = Array.from({ length: 60 }, (_, n) => `n${n}`);
    for (const [n, text] of texts.entries()) {
      if (n === 20) {
        const second = await world.start();
        await second.bus.serve(commands, [say], second.store);
      }
      if (n === 40) await first.close(3_000);
      const result = await requester.bus.request(Say, word('ann', text), world.options());
      expect(result).toMatchObject({ status: 'done' });
    }
    await world.until('all of them', () => new Set(collected.map(({ text }) => text)).size === 60);
    expect([...new Set(collected.map(({ text }) => text))]).toEqual(texts);
  },
};
