import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { event } from './contract/message.js';
import { subscription } from './contract/subscription.js';
import type { Consumer, Driver, IncomingMessage } from './driver.js';
import { encodeEvent } from './envelope/encode.js';
import { type BroadcastHandlers, Listener } from './listener.js';

const Said = event('word.said.v1', {
  ...{ topic: 'word.events', key: (p: { text: string }) => p.text },
  payload: z.object({ text: z.string() }),
});
const live = subscription('live', { kind: 'broadcast', events: [Said] });
const tick = () => new Promise((resolve) => setImmediate(resolve));

async function listening(handlers: Partial<BroadcastHandlers>) {
  const logged: string[] = [];
  const hooks: { receive?: (message: IncomingMessage) => void; resync?: () => void } = {};
  const driver = {
    broadcast: (_topics: unknown, receive: (message: IncomingMessage) => void, resync: () => void) => {
      Object.assign(hooks, { receive, resync });
      return Promise.resolve({ close: () => Promise.resolve() } as Consumer);
    },
  } as unknown as Driver;
  const all = { receive: () => undefined, resync: () => undefined, ...handlers };
  const listener = new Listener(driver, live, all, (_level, message) => void logged.push(message));
  await listener.start();
  const hear = (message: Partial<IncomingMessage> & { text?: string }) => {
    const { text = 'hello', ...changes } = message;
    hooks.receive?.({ ...encodeEvent(Said, { text }), position: '1', ...changes });
  };
  return { listener, logged, hear, resync: () => hooks.resync?.() };
}

describe('listener', () => {
  it('goes on after a handler that throws and a message that does not fit', async () => {
    const heard: unknown[] = [];
    const { hear, logged, listener } = await listening({
      receive: ({ payload }) => {
        if ((payload as { text: string }).text === 'bad') throw new Error('bad');
        heard.push(payload);
      },
    });
    hear({ text: 'bad' });
    hear({ body: Buffer.from('{"text":7}') });
    hear({ text: 'good' });
    await tick();
    expect(heard).toEqual([{ text: 'good' }]);
    expect(logged.toSorted()).toEqual([
      'a broadcast handler failed',
      'a broadcast message can not be handled',
    ]);
    await listener.close(100);
  });

  it('never resyncs twice at once, and once more after what came meanwhile', async () => {
    const gates = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    let begun = 0;
    const { resync, listener } = await listening({
      resync: async () => {
        begun += 1;
        await gates[begun - 1]?.promise;
      },
    });
    for (let n = 0; n < 5; n += 1) resync();
    await tick();
    expect(begun).toBe(1);
    gates[0]?.resolve(undefined);
    await tick();
    expect(begun).toBe(2);
    gates[1]?.resolve(undefined);
    await tick();
    expect(begun).toBe(2);
    resync();
    await tick();
    expect(begun).toBe(3);
    await listener.close(100);
  });
});
