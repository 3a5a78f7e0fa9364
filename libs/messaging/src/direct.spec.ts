import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { event } from './contract/message.js';
import { direct } from './direct.js';
import { type OutgoingMessage, SendError } from './driver.js';
import { decode } from './envelope/decode.js';
import { encodeEvent } from './envelope/encode.js';
import { type Delivery, InfrastructureError, Rejection, type Run } from './store.js';

const Said = event('word.said.v1', {
  ...{ topic: 'word.events', key: (p: { speaker: string }) => p.speaker },
  payload: z.object({ speaker: z.string(), text: z.string() }),
});
const group = { subscriber: 'words', afterDead: 'block' } as const;

function deliveryOf(speaker: string, text: string): Delivery {
  const { headers, body } = encodeEvent(Said, { speaker, text });
  return decode(headers, body, { contractOf: () => Said, carriesCommands: () => false, ordered: true });
}

const textOf = (message: { payload: unknown }) => (message.payload as { text: string }).text;
const failingAt =
  (bad: string, error: Error): Run =>
  (messages) =>
    messages.some((message) => textOf(message) === bad)
      ? Promise.reject(error)
      : Promise.resolve(messages.map(() => ({ reply: null })));

function driverThat(answers: SendError | undefined) {
  const sent: OutgoingMessage[] = [];
  const send = (messages: readonly OutgoingMessage[]) => {
    sent.push(...messages);
    return Promise.resolve(messages.map(() => answers));
  };
  return { driver: { send }, sent };
}

describe('direct', () => {
  it('holds later messages of a key back behind one that failed, and lets other keys go on', async () => {
    const store = direct(driverThat(undefined).driver);
    const deliveries = [deliveryOf('ann', 'bad'), deliveryOf('ann', 'behind'), deliveryOf('bob', 'free')];
    const error = new Error('not yet');
    const run = failingAt('bad', error);
    const outcomes = await store.process(group, deliveries, run, false);
    expect(outcomes).toMatchObject([
      { kind: 'again', error },
      { kind: 'again', error: undefined },
      { kind: 'ended', ending: 'done' },
    ]);
    const [last] = await store.process(group, deliveries.slice(0, 1), run, true);
    expect(last).toMatchObject({ kind: 'ended', ending: 'failed', problem: { code: 'handler_failed' } });
  });

  it('sends what a handler published after it returned, and nothing of one that refused', async () => {
    const { driver, sent } = driverThat(undefined);
    const run: Run = (messages, { publish }) => {
      for (const { payload } of messages) publish(Said, payload as { speaker: string; text: string });
      expect(sent).toHaveLength(0);
      const refused = messages.some((message) => textOf(message) === 'no');
      return Promise.resolve([refused ? { rejection: new Rejection('no') } : { reply: null }]);
    };
    const outcomes = await direct(driver).process(group, [deliveryOf('a', 'no')], run, false);
    expect(outcomes).toMatchObject([{ ending: 'rejected', problem: { code: 'no' } }]);
    await direct(driver).process(group, [deliveryOf('a', 'yes')], run, false);
    expect(sent).toHaveLength(1);
  });

  it('settles nothing when the place is broken: in the handler, or when its events can not be sent', async () => {
    const away = failingAt('bad', new InfrastructureError('away'));
    const working = direct(driverThat(undefined).driver);
    await expect(working.process(group, [deliveryOf('a', 'bad')], away, true)).rejects.toThrow('away');
    const publishing: Run = (_messages, { publish }) => {
      publish(Said, { speaker: 'a', text: 'b' });
      return Promise.resolve([{ reply: null }]);
    };
    const broken = direct(driverThat(new SendError('not-stored', 'no broker')).driver);
    const settling = broken.process(group, [deliveryOf('a', 'x')], publishing, true);
    await expect(settling).rejects.toThrow(InfrastructureError);
  });

  it('has no schedule, and says so', async () => {
    const run: Run = (_messages, { cancelSchedule }) => {
      cancelSchedule('x');
      return Promise.resolve([]);
    };
    const [outcome] = await direct(driverThat(undefined).driver).process(
      ...([group, [deliveryOf('a', 'x')], run, false] as const),
    );
    expect(outcome).toMatchObject({
      kind: 'again',
      error: { message: expect.stringContaining('no schedule') },
    });
  });
});
