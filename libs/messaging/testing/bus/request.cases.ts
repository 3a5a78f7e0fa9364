import { expect } from '@jest/globals';
import { InfrastructureError, onCommand, SendError } from '../../src/index.js';
import { Gate } from '../driver/recorder.js';
import type { BusCases } from './suite.js';
import { word } from './world.js';

export const requestCases: BusCases = {
  'answers a command with its reply': async (world) => {
    const { Say, commands } = world.words;
    const [requester, responder] = [await world.start(), await world.start()];
    const echo = onCommand(Say, ({ payload }) => payload);
    await responder.bus.serve(commands, [echo], responder.store);
    const result = await requester.bus.request(Say, word('ann', 'hello'), world.options());
    expect(result).toEqual({ status: 'done', reply: word('ann', 'hello'), repeated: false });
  },

  'answers pending when the wait ends first, and drops the late reply': async (world) => {
    const { Say, commands } = world.words;
    const instance = await world.start();
    const gate = new Gate();
    let handled = 0;
    const slow = onCommand(Say, async ({ payload }) => {
      if (payload.text === 'slow') await gate.passed();
      handled += 1;
      return payload;
    });
    await instance.bus.serve(commands, [slow], instance.store);
    const result = await instance.bus.request(Say, word('ann', 'slow'), world.options({ waitMs: 100 }));
    expect(result).toEqual({ status: 'pending' });
    gate.open();
    await world.until('the slow one was handled', () => handled > 0);
    const next = await instance.bus.request(Say, word('ann', 'next'), world.options());
    expect(next).toMatchObject({ status: 'done', reply: word('ann', 'next') });
  },

  'waits for the confirmation only, when no wait is asked for': async (world) => {
    const { Say, commands } = world.words;
    const instance = await world.start();
    let handled = 0;
    const count = onCommand(Say, ({ payload }) => {
      handled += 1;
      return payload;
    });
    await instance.bus.serve(commands, [count], instance.store);
    const result = await instance.bus.request(Say, word('ann', 'later'), world.options({ waitMs: 0 }));
    expect(result).toEqual({ status: 'pending' });
    await world.until('the command was handled', () => handled === 1);
  },

  'gives each of two requesters the answers to its own requests': async (world) => {
    const { Say, commands } = world.words;
    const [first, second, responder] = [await world.start(), await world.start(), await world.start()];
    const echo = onCommand(Say, ({ payload }) => payload);
    await responder.bus.serve(commands, [echo], responder.store);
    const texts = Array.from({ length: 40 }, (_, n) => `n${n}`);
    const results = await Promise.all(
      texts.map((text, n) =>
        (n % 2 === 0 ? first : second).bus.request(Say, word(`speaker ${n % 5}`, text), world.options()),
      ),
    );
    expect(results.map((result) => (result.status === 'done' ? result.reply.text : result.status))).toEqual(
      texts,
    );
  },

  'is answered by another instance when the first one gives up': async (world) => {
    const { Say, commands } = world.words;
    const [requester, dying] = [await world.start(), await world.start()];
    const gate = new Gate();
    let begun = false;
    const hangs = onCommand(Say, async () => {
      begun = true;
      await gate.passed();
      throw new InfrastructureError('this instance is ending');
    });
    await dying.bus.serve(commands, [hangs], dying.store);
    const answer = requester.bus.request(Say, word('ann', 'anyone'), world.options());
    await world.until('the first instance has it', () => begun);
    const heir = await world.start();
    const echo = onCommand(Say, ({ payload }) => payload);
    await heir.bus.serve(commands, [echo], heir.store);
    const closed = dying.close(3_000);
    gate.open();
    await closed;
    await expect(answer).resolves.toMatchObject({ status: 'done', reply: word('ann', 'anyone') });
  },

  'is answered by another instance when the first one is killed in the middle': async (world) => {
    const { Say, commands } = world.words;
    const [requester, victim] = [await world.start(), await world.start()];
    const gate = new Gate();
    let begun = false;
    const slow = onCommand(Say, async ({ payload }) => {
      begun = true;
      await gate.passed();
      return payload;
    });
    await victim.bus.serve(commands, [slow], victim.store);
    const answer = requester.bus.request(Say, word('ann', 'anyone'), world.options());
    await world.until('the victim has it', () => begun);
    await world.target.kill(victim.driver);
    const heir = await world.start();
    await heir.bus.serve(commands, [onCommand(Say, ({ payload }) => payload)], heir.store);
    gate.open();
    await expect(answer).resolves.toMatchObject({ status: 'done', reply: word('ann', 'anyone') });
  },

  'refuses a request when too many wait, and sends nothing': async (world) => {
    const { Say } = world.words;
    const { bus } = await world.start({ maxWaiting: 1 });
    const first = bus.request(Say, word('ann', 'first'), world.options({ waitMs: 300 }));
    const second = bus.request(Say, word('ann', 'second'), world.options());
    await expect(second).rejects.toMatchObject({ name: SendError.name, outcome: 'not-stored' });
    await expect(first).resolves.toEqual({ status: 'pending' });
  },

  'refuses a payload that does not fit, naming type and place, never the value': async (world) => {
    const { Say } = world.words;
    const { bus } = await world.start();
    const wrong = { speaker: 'ann', text: 4711 } as unknown as { speaker: string; text: string };
    await expect(bus.request(Say, wrong, world.options())).rejects.toThrow(
      'word.say.v1: does not fit its contract at /text (invalid_type)',
    );
  },
};
