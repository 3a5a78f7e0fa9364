import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { encodeEvent, type EventOf, type HandlerContext, onEvents } from '../../src/index.js';
import { sendAll } from '../driver/scene.js';
import type { BusCases } from './suite.js';
import { type Collected, type Instance, word, type World } from './world.js';

const KEYS = ['ann', 'bob', 'eve', 'joe'];
const [POISONED, ...FREE] = KEYS;
/** Messages of each key, and those of them that are sent before anything is healed. */
const PER_KEY = 80;
const BEFORE = 50;
/** Makes a drain last while instances come and go. */
const SLOW_MS = 5;

type Said = EventOf<World['words']['Said']>;

export const parkingCases: BusCases = {
  'keeps the order of each key while two instances park, drain and resume, and one joins and one leaves meanwhile':
    async (world) => {
      const { Heard, Said } = world.words;
      const collected = await world.collect();
      let isHealed = false;
      let drained = 0;
      const hear = onEvents([Said], async (events: readonly Said[], { publish }: HandlerContext) => {
        for (const event of events) {
          const { speaker, text } = event.payload;
          if (speaker === POISONED) {
            if (text === 'n0' && !isHealed) throw new Error('poison');
            await sleep(SLOW_MS);
            drained += 1;
          }
          publish(Heard, event.payload, event);
        }
      });
      const serve = async () => {
        const instance = await world.start();
        const drain = { everyMs: 100, idleEveryMs: 100 };
        await instance.bus.serve(world.words.listeners, [hear], instance.store, { drain });
        return instance;
      };
      const [first, second] = [await serve(), await serve()];
      await world.until('both to have partitions', () => [first, second].every((one) => holds(one, world)));

      await say(world, second, 0, BEFORE);
      await world.until('the other keys', () =>
        FREE.every((key) => heard(world, collected, key).length === BEFORE),
      );
      await world.until('the poisoned one parked', async () => (await behind(second, world)) === 0);
      expect(heard(world, collected, POISONED)).toEqual([]);
      isHealed = true;
      await world.until('the drain', () => drained > 0);
      await Promise.all([first.close(5_000), serve(), say(world, second, BEFORE, PER_KEY)]);
      await world.until('all of them', () =>
        KEYS.every((key) => heard(world, collected, key).length >= PER_KEY),
      );

      const wanted = textsOf(0, PER_KEY);
      for (const key of KEYS) expect([key, heard(world, collected, key)]).toEqual([key, wanted]);
    },

  'pauses a subscription that has parked as much as it may, and goes on once that is healed': async (
    world,
  ) => {
    const { Said, listeners } = world.words;
    const handled: string[] = [];
    let isHealed = false;
    const hear = onEvents([Said], (events) => {
      if (!isHealed && events.some(({ payload }) => payload.text === 'poison')) throw new Error('poison');
      handled.push(...events.map(({ payload }) => `${payload.speaker} ${payload.text}`));
    });
    const serve = async (parkedLimit?: number) => {
      const instance = await world.start({ ...(parkedLimit !== undefined && { parkedLimit }) });
      const drain = { everyMs: 100, idleEveryMs: 100 };
      const options = { breaker: { pauseMs: 50, maxPauseMs: 100 }, drain };
      await instance.bus.serve(listeners, [hear], instance.store, options);
      return instance;
    };
    const first = await serve();
    await sendAll(
      first.driver,
      KEYS.map((key) => encodeEvent(Said, word(key, 'poison'))),
    );
    await world.until('all parked', async () => (await behind(first, world)) === 0);
    await first.close(5_000);
    // By another instance: how much is parked is counted at most every 5 s.
    const full = await serve(KEYS.length);
    await sendAll(full.driver, [
      encodeEvent(Said, word('zoe', 'poison')),
      encodeEvent(Said, word('zoe', 'behind')),
    ]);
    await world.until('the pause', async () => (await full.bus.health()).paused.includes(listeners.name));
    expect(await behind(full, world)).toBe(2);
    expect(handled).toEqual([]);

    isHealed = true;
    await world.until(
      'all handled',
      async () => new Set(handled).size === KEYS.length + 2 && (await behind(full, world)) === 0,
    );
    await world.until('the end of the pause', async () => (await full.bus.health()).paused.length === 0);
    expect([...new Set(handled)].filter((text) => text.startsWith('zoe'))).toEqual([
      'zoe poison',
      'zoe behind',
    ]);
  },

  'settles nothing while the database is down, and everything once it is back': async (world) => {
    const { Heard, Said, listeners } = world.words;
    const collected = await world.collect();
    let isAway = false;
    let underWay = 0;
    const { promise: away, resolve: goOn } = Promise.withResolvers<void>();
    const hear = onEvents([Said], async (events: readonly Said[], { publish }: HandlerContext) => {
      if (isAway) {
        underWay += 1;
        await away;
      }
      for (const event of events) publish(Heard, event.payload, event);
    });
    const instance = await world.start();
    const { bus, driver, store } = instance;
    await bus.serve(listeners, [hear], store, { breaker: { pauseMs: 50, maxPauseMs: 100 } });
    await sendAll(driver, messagesOf(world, 0, 5));
    await world.until('the first', () => KEYS.every((key) => heard(world, collected, key).length === 5));
    await world.until('their acknowledgement', async () => (await behind(instance, world)) === 0);
    isAway = true;
    await sendAll(driver, messagesOf(world, 5, 10));
    await world.until('a transaction under way', () => underWay > 0);
    await world.database.down();
    goOn();
    await world.until('the pause', async () => (await bus.health()).paused.includes(listeners.name));
    expect(await behind(instance, world)).toBe(5 * KEYS.length);

    await world.database.up();
    await world.until('all of them', () => KEYS.every((key) => heard(world, collected, key).length >= 10));
    await world.until('the last acknowledgement', async () => (await behind(instance, world)) === 0);
    for (const key of KEYS) expect([key, heard(world, collected, key)]).toEqual([key, textsOf(0, 10)]);
  },
};

const textsOf = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, n) => `n${from + n}`);

const messagesOf = ({ words }: World, from: number, to: number) =>
  textsOf(from, to).flatMap((text) => KEYS.map((key) => encodeEvent(words.Said, word(key, text))));

/** A few at a time, so that they meet what happens meanwhile. */
async function say(world: World, { driver }: Instance, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n += 10) {
    await sendAll(driver, messagesOf(world, n, Math.min(to, n + 10)));
    await sleep(20);
  }
}

const holds = ({ bus }: Instance, { words }: World): boolean =>
  [...bus.partitionsOf(words.listeners.name).values()].some((partitions) => partitions.length > 0);

/** Messages of the listeners that are not acknowledged. */
async function behind({ bus }: Instance, { words }: World): Promise<number> {
  const lag = (await bus.lag()).filter(({ group }) => group === words.listeners.name);
  return lag.reduce((sum, { messages }) => sum + messages, 0);
}

/** What was committed of a key, in order: first copies, since a relay that is replaced may send some twice. */
function heard({ words }: World, collected: readonly Collected[], key: string | undefined): string[] {
  const ofKey = collected.filter(({ type, speaker }) => type === words.Heard.type && speaker === key);
  return [...new Set(ofKey.map(({ text }) => text))];
}
