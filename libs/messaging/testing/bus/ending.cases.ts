import { expect } from '@jest/globals';
import { onCommand, onCommandBatch, onEvents, Rejection } from '../../src/index.js';
import { encodeEvent } from '../../src/index.js';
import { sendAll } from '../driver/scene.js';
import type { BusCases } from './suite.js';
import { type Instance, word, type World } from './world.js';

/** Says what it is told, as event and as reply; refuses `no` after it has published. */
async function serveSaying(world: World): Promise<Instance> {
  const { Say, Said, commands } = world.words;
  const instance = await world.start();
  const say = onCommand(Say, ({ payload }, { publish }) => {
    publish(Said, payload);
    if (payload.text === 'no') throw new Rejection('refused', 'not that');
    return payload;
  });
  await instance.bus.serve(commands, [say], instance.store);
  return instance;
}

export const endingCases: BusCases = {
  'ends a rejected command with its code, and drops what it published': async (world) => {
    const { Say } = world.words;
    const collected = await world.collect();
    const { bus } = await serveSaying(world);
    const [refused, accepted] = await Promise.all([
      bus.request(Say, word('ann', 'no'), world.options()),
      bus.request(Say, word('ann', 'yes'), world.options()),
    ]);
    const problem = { code: 'refused', detail: 'not that' };
    expect(refused).toEqual({ status: 'rejected', problem, repeated: false });
    expect(accepted).toMatchObject({ status: 'done' });
    await world.until('the accepted one', () => collected.length > 0);
    await bus.request(Say, word('ann', 'last'), world.options());
    await world.until('the last one', () => collected.some(({ text }) => text === 'last'));
    expect(collected.map(({ text }) => text)).toEqual(['yes', 'last']);
  },

  'answers each command of a batch its own reply or rejection': async (world) => {
    const { Say, commands } = world.words;
    const instance = await world.start();
    const batch = onCommandBatch(Say, (batch) =>
      batch.map(({ payload }) => (payload.text === 'no' ? new Rejection('refused') : payload)),
    );
    await instance.bus.serve(commands, [batch], instance.store);
    const texts = Array.from({ length: 12 }, (_, n) => (n % 3 === 0 ? 'no' : `n${n}`));
    const results = await Promise.all(
      texts.map((text) => instance.bus.request(Say, word('ann', text), world.options())),
    );
    const answers = results.map((result) => (result.status === 'done' ? result.reply.text : 'no'));
    expect(answers).toEqual(texts);
  },

  'ends a command past its deadline as expired, and does not run it': async (world) => {
    const { Say, commands } = world.words;
    const instance = await world.start();
    let runs = 0;
    const count = onCommand(Say, ({ payload }) => {
      runs += 1;
      return payload;
    });
    await instance.bus.serve(commands, [count], instance.store);
    const late = world.options({
      firstSentAt: new Date(Date.now() - 20_000),
      deadline: new Date(Date.now() - 10_000),
    });
    const result = await instance.bus.request(Say, word('ann', 'late'), late);
    expect(result).toMatchObject({ status: 'expired' });
    expect(runs).toBe(0);
  },

  'ends a command as failed when its handler keeps failing, and says nothing of why': async (world) => {
    const { Say, commands } = world.words;
    const instance = await world.start();
    let runs = 0;
    const fails = onCommand(Say, () => {
      runs += 1;
      throw new Error('password=hunter2');
    });
    await instance.bus.serve(commands, [fails], instance.store);
    const result = await instance.bus.request(Say, word('ann', 'x'), world.options());
    expect(result).toMatchObject({ status: 'failed' });
    expect(JSON.stringify(result)).not.toContain('hunter2');
    expect(runs).toBeGreaterThanOrEqual(3);
  },

  'runs a command once, however often it is sent, and answers each copy': async (world) => {
    const { Say } = world.words;
    const collected = await world.collect();
    const { bus } = await serveSaying(world);
    const options = world.options({ requestHash: 'h1' });
    const copies = Array.from({ length: 5 }, () => bus.request(Say, word('ann', 'once'), options));
    const results = await Promise.all(copies);
    for (const result of results)
      expect(result).toMatchObject({ status: 'done', reply: word('ann', 'once') });
    expect(results.filter((result) => result.status === 'done' && !result.repeated)).toHaveLength(1);
    const later = await bus.request(Say, word('ann', 'once'), options);
    expect(later).toMatchObject({ status: 'done', repeated: true });
    await bus.request(Say, word('ann', 'last'), world.options());
    await world.until('the last one', () => collected.some(({ text }) => text === 'last'));
    expect(collected.map(({ text }) => text)).toEqual(['once', 'last']);
  },

  'answers conflict when an id is used for another request': async (world) => {
    const { Say } = world.words;
    const { bus } = await serveSaying(world);
    const options = world.options({ requestHash: 'h1' });
    await bus.request(Say, word('ann', 'one'), options);
    const other = await bus.request(Say, word('ann', 'two'), { ...options, requestHash: 'h2' });
    expect(other).toEqual({ status: 'conflict' });
  },

  'handles an event once, however often it is sent': async (world) => {
    const { Said, Heard, listeners } = world.words;
    const collected = await world.collect();
    const { bus, driver, store } = await world.start();
    const repeat = onEvents([Said], (events, { publish }) => {
      for (const event of events) publish(Heard, event.payload, event);
    });
    await bus.serve(listeners, [repeat], store);
    const once = encodeEvent(Said, word('ann', 'once'));
    await sendAll(driver, [once, once]);
    await sendAll(driver, [once, encodeEvent(Said, word('ann', 'last'))]);
    const heard = () => collected.filter(({ type }) => type === Heard.type).map(({ text }) => text);
    await world.until('the last one', () => heard().includes('last'));
    expect(heard()).toEqual(['once', 'last']);
  },
};
