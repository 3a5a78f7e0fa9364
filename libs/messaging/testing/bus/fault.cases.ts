import { randomBytes } from 'node:crypto';
import { expect } from '@jest/globals';
import { Bus, encodeEvent, onCommand, onEvents, subscription, topologyOf } from '../../src/index.js';
import { messageTo, sendAll } from '../driver/scene.js';
import { countOf, recordCounts } from './counts.js';
import type { BusCases } from './suite.js';
import { word } from './world.js';

export const faultCases: BusCases = {
  'parks an event that keeps failing and what follows of its key, while other keys flow': async (world) => {
    const { Said, listeners } = world.words;
    const { bus, driver, store } = await world.start();
    const handled: string[] = [];
    let healed = false;
    const hear = onEvents([Said], (events) => {
      for (const { payload } of events) {
        if (payload.text === 'poison' && !healed) throw new Error('poison');
      }
      handled.push(...events.map(({ payload }) => `${payload.speaker} ${payload.text}`));
    });
    await bus.serve(listeners, [hear], store);
    await sendAll(driver, [
      encodeEvent(Said, word('ann', 'poison')),
      encodeEvent(Said, word('ann', 'behind')),
      encodeEvent(Said, word('bob', 'free')),
    ]);
    await world.until('the other key', () => handled.includes('bob free'));
    expect(handled).not.toContain('ann behind');
    healed = true;
    await world.until('the drain', () => handled.includes('ann behind'));
    const ofAnn = [...new Set(handled.filter((text) => text.startsWith('ann')))];
    expect(ofAnn).toEqual(['ann poison', 'ann behind']);
  },

  'lets other keys go on while a command of one keeps failing': async (world) => {
    const { Say, commands } = world.words;
    const { bus, store } = await world.start();
    const say = onCommand(Say, ({ payload }) => {
      if (payload.text === 'poison') throw new Error('poison');
      return payload;
    });
    await bus.serve(commands, [say], store);
    const speakers = Array.from({ length: 16 }, (_, n) => `speaker ${n}`);
    const [poison, ...others] = await Promise.all([
      bus.request(Say, word('ann', 'poison'), world.options()),
      ...speakers.map((speaker) => bus.request(Say, word(speaker, 'fine'), world.options())),
      bus.request(Say, word('ann', 'after'), world.options()),
    ]);
    expect(poison).toMatchObject({ status: 'failed' });
    for (const other of others) expect(other).toMatchObject({ status: 'done' });
  },

  'passes by what it can not decode': async (world) => {
    const { Say, commands, Said, listeners } = world.words;
    const { bus, driver, store } = await world.start();
    const heard: string[] = [];
    await bus.serve(commands, [onCommand(Say, ({ payload }) => payload)], store);
    const hear = onEvents([Said], (events) => void heard.push(...events.map(({ payload }) => payload.text)));
    await bus.serve(listeners, [hear], store);
    const good = encodeEvent(Said, word('ann', 'good'));
    const mismatch = encodeEvent(Said, word('bob', 'whose key it may block'));
    await sendAll(driver, [
      messageTo(Say.topic, 'ann', 'no headers at all'),
      messageTo(Say.topic, 'ann', '{', { ...good.headers, id: 'half', type: Say.type }),
      { ...good, headers: { ...good.headers, id: 'cut' }, body: Buffer.from('{"speaker":') },
      { ...mismatch, body: Buffer.from('{"speaker":"bob","text":7}') },
      { ...good, headers: { ...good.headers, id: 'dated', time: 'yesterday' } },
      good,
    ]);
    await world.until('the good one', () => heard.length > 0);
    expect(heard).toEqual(['good']);
    const result = await bus.request(Say, word('ann', 'still here'), world.options());
    expect(result).toMatchObject({ status: 'done' });
  },

  'ends what holds text or ids that no database stores, and harms no other': async (world) => {
    const { Say, Said, commands, listeners } = world.words;
    const { bus, driver, store } = await world.start();
    const heard: string[] = [];
    await bus.serve(commands, [onCommand(Say, ({ payload }) => payload)], store);
    const hear = onEvents([Said], (events) => void heard.push(...events.map(({ payload }) => payload.text)));
    await bus.serve(listeners, [hear], store);
    const good = encodeEvent(Said, word('ann', 'good'));
    const speaking = { ...good, topic: Say.topic, headers: { ...good.headers, type: Say.type } };
    for (const [n, text] of ['\\u0000', '\\ud800', '\\udc00 \\ud800'].entries()) {
      const body = Buffer.from(`{"speaker":"ann","text":"a ${text} b"}`);
      await sendAll(driver, [
        { ...speaking, body, headers: { ...speaking.headers, id: `command ${n} of ${world.id}` } },
        { ...good, body, headers: { ...good.headers, id: `event ${n} of ${world.id}` } },
      ]);
    }
    const long = randomBytes(20_000).toString('base64');
    await sendAll(driver, [
      { ...speaking, headers: { ...speaking.headers, id: long } },
      { ...speaking, headers: { ...speaking.headers, id: 'with a \0', actor: 'with a \0' } },
      { ...speaking, headers: { ...speaking.headers, id: `hash ${world.id}`, requesthash: long } },
      { ...good, headers: { ...good.headers, id: long, partitionkey: long } },
      { ...good, headers: { ...good.headers, id: `type ${world.id}`, type: `${Said.type}\0` } },
      good,
    ]);
    await world.until('the good one', () => heard.includes('good'));
    const result = await bus.request(Say, word('ann', 'still here'), world.options());
    expect(result).toMatchObject({ status: 'done' });
  },

  'answers a command that does not fit its contract as failed': async (world) => {
    const { Say, SayAnything, commands } = world.words;
    const { bus, store } = await world.start();
    await bus.serve(commands, [onCommand(Say, ({ payload }) => payload)], store);
    const result = await bus.request(SayAnything, { speaker: 'ann' }, world.options());
    expect(result).toMatchObject({ status: 'failed', problem: { code: 'contract_mismatch' } });
  },

  'answers a command of an unknown type as rejected': async (world) => {
    const { Say, Sing, commands } = world.words;
    const { bus, store } = await world.start();
    await bus.serve(commands, [onCommand(Say, ({ payload }) => payload)], store);
    const result = await bus.request(Sing, word('ann', 'la'), world.options());
    expect(result).toMatchObject({ status: 'rejected', problem: { code: 'unknown_type' } });
  },

  'acknowledges and counts events of types that the group does not handle': async (world) => {
    recordCounts();
    const { Said, Heard, listeners } = world.words;
    const { bus, driver, store } = await world.start();
    const heard: string[] = [];
    const hear = onEvents([Said], (events) => void heard.push(...events.map(({ payload }) => payload.text)));
    await bus.serve(listeners, [hear], store);
    const others = ['ann', 'bob', 'eve'].map((speaker) => encodeEvent(Heard, word(speaker, 'other')));
    await sendAll(driver, [...others, encodeEvent(Said, word('ann', 'mine'))]);
    const behind = async () =>
      (await bus.lag()).filter(({ group, messages }) => group === listeners.name && messages > 0);
    await world.until('the declared one', () => heard.length > 0);
    await world.until('all acknowledged', async () => (await behind()).length === 0);
    expect(heard).toEqual(['mine']);
    const ofGroup = { 'messaging.consumer.group.name': listeners.name, 'taskwire.message.type': Heard.type };
    expect(await countOf('taskwire.messages.unhandled', ofGroup)).toBe(others.length);
  },

  'refuses at boot that two services are declared on one group': async (world) => {
    const { Say, Said, Heard, listeners } = world.words;
    const thief = subscription(listeners.name, { kind: 'group', events: [Heard] });
    const driver = world.target.driver();
    const topology = topologyOf([Say, Said, Heard], [listeners, thief]);
    expect(() => new Bus({ driver, topology })).toThrow(`${listeners.name} used twice`);
    await driver.close();
  },

  'refuses to serve when handlers are missing, extra or doubled, and a name twice': async (world) => {
    const { Say, Said, commands, listeners } = world.words;
    const { bus, store } = await world.start();
    const say = onCommand(Say, ({ payload }) => payload);
    const hear = onEvents([Said], () => undefined);
    await expect(bus.serve(commands, [], store)).rejects.toThrow(/no handler for word\.say\.v1/);
    await expect(bus.serve(commands, [say, hear], store)).rejects.toThrow(/word\.said\.v1, which is not/);
    await expect(bus.serve(commands, [say, say], store)).rejects.toThrow(/handled more than once/);
    await bus.serve(listeners, [hear], store);
    await expect(bus.serve(listeners, [hear], store)).rejects.toThrow(/must be unique/);
  },
};
