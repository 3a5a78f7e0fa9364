import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { command, event } from '../contract/message.js';
import { subscription } from '../contract/subscription.js';
import { decode } from '../envelope/decode.js';
import { encodeEvent } from '../envelope/encode.js';
import { type Handler, onCommand, onCommandBatch, onEvents } from '../registry/handler.js';
import { registryOf } from '../registry/registry.js';
import { type ReceivedMessage, Rejection, type RunContext, type Transaction } from '../store.js';
import { runOf } from './run.js';

const payload = z.object({ owner: z.string(), n: z.number() });
const key = (p: { owner: string }) => p.owner;
const on = (topic: string) => ({ topic, key, payload });
const One = command('note.one.v1', { ...on('note.commands'), reply: payload, rejections: [] });
const Many = command('note.many.v1', { ...on('note.commands'), reply: payload, rejections: [] });
const Created = event('note.created.v1', on('note.events'));
const Deleted = event('note.deleted.v1', on('note.events'));
const notes = subscription('notes', { kind: 'group', commands: [One, Many], events: [Created, Deleted] });

function runWith(changes: Partial<Record<'one' | 'many' | 'events', Handler>> = {}) {
  const calls: string[] = [];
  const note = (name: string, messages: readonly ReceivedMessage<{ n: number }>[]) =>
    calls.push(`${name} ${messages.map((message) => message.payload.n).join(',')}`);
  const defaults = {
    one: onCommand(
      One,
      (message) => (note('one', [message]), message.payload),
      ({ payload: { n } }) => [`row ${n}`],
    ),
    many: onCommandBatch(Many, (all) => (note('many', all), all.map((message) => message.payload))),
    events: onEvents([Created, Deleted], (all) => void note('events', all)),
  };
  const run = runOf(registryOf(notes, Object.values({ ...defaults, ...changes })));
  return { run, calls };
}

const messageOf = (contract: { type: string }, n: number): ReceivedMessage => {
  const { headers, body } = encodeEvent({ ...Created, type: contract.type }, { owner: 'ann', n });
  const contracts = [One, Many, Created, Deleted];
  const contractOf = (type: string) => contracts.find((one) => one.type === type);
  return decode(headers, body, { contractOf, carriesCommands: () => false, ordered: true }).message;
};

function contextOf() {
  const published: { n: number; cause: unknown }[] = [];
  const context = {
    ...{ tx: {} as Transaction, writes: 0 },
    publish: (_contract: unknown, { n }: { n: number }, cause: unknown) => void published.push({ n, cause }),
    schedule: () => undefined,
    cancelSchedule: () => undefined,
  };
  return { context: context as RunContext & { writes: number }, published };
}

describe('run', () => {
  it('hands consecutive messages of one handler over in one call, single commands one by one', async () => {
    const { run, calls } = runWith();
    const order = [One, One, Many, Many, Created, Deleted, Many, Created];
    const messages = order.map((contract, n) => messageOf(contract, n));
    const results = await run(messages, contextOf().context);
    expect(calls).toEqual(['one 0', 'one 1', 'many 2,3', 'events 4,5', 'many 6', 'events 7']);
    expect(results.map((result) => 'reply' in result && result.reply)).toEqual([
      ...[0, 1, 2, 3].map((n) => ({ owner: 'ann', n })),
      ...[null, null, { owner: 'ann', n: 6 }, null],
    ]);
  });

  it('takes a thrown Rejection for the answer, and says whether it came after a write', async () => {
    const { context } = contextOf();
    const one = onCommand(One, ({ payload: { n } }) => {
      Object.assign(context, { writes: n });
      throw new Rejection('no');
    });
    const { run } = runWith({ one });
    const results = await run([messageOf(One, 0), messageOf(One, 2)], context);
    expect(results).toMatchObject([{ afterWrite: false }, { afterWrite: true }]);
  });

  it('lets a batch reject some of its commands', async () => {
    const many = onCommandBatch(Many, (all) =>
      all.map((message) => (message.payload.n === 1 ? new Rejection('no') : message.payload)),
    );
    const { run } = runWith({ many });
    const results = await run([messageOf(Many, 0), messageOf(Many, 1)], contextOf().context);
    expect(results).toMatchObject([{ reply: { n: 0 } }, { rejection: { code: 'no' }, afterWrite: false }]);
  });

  it('passes a Rejection of a whole batch on, so that the store finds out whose it is', async () => {
    const events = onEvents([Created, Deleted], () => {
      throw new Rejection('no');
    });
    const { run } = runWith({ events });
    const both = run([messageOf(Created, 0), messageOf(Created, 1)], contextOf().context);
    await expect(both).rejects.toThrow(Rejection);
    const single = await run([messageOf(Created, 0)], contextOf().context);
    expect(single).toMatchObject([{ rejection: { code: 'no' } }]);
  });

  it.each([
    ['too few replies', () => [], 'answered 0 replies for 2 commands'],
    ['a reply that does not fit', () => [{ owner: 'ann' }, 7] as never, 'note.many.v1 (reply): does not fit'],
  ])('refuses %s', async (_name, answer, error) => {
    const { run } = runWith({ many: onCommandBatch(Many, answer) });
    await expect(run([messageOf(Many, 0), messageOf(Many, 1)], contextOf().context)).rejects.toThrow(error);
  });

  it('knows the cause of what is published where one message is handled, and asks for it where several are', async () => {
    const { context, published } = contextOf();
    const one = onCommand(One, (message, { publish }) => {
      publish(Created, message.payload);
      return message.payload;
    });
    const events = onEvents([Created, Deleted], (all, { publish }) => {
      publish(Deleted, { owner: 'ann', n: 9 }, all[1]);
      publish(Deleted, { owner: 'ann', n: 9 });
    });
    const { run } = runWith({ one, events });
    const [first, second, third] = [messageOf(One, 0), messageOf(Created, 1), messageOf(Created, 2)];
    await expect(run([first, second, third], context)).rejects.toThrow('say which one is the `cause`');
    expect(published).toEqual([
      { n: 0, cause: first },
      { n: 9, cause: third },
    ]);
  });

  it('asks the handler for further locks', () => {
    const { run } = runWith();
    expect(run.locks?.(messageOf(One, 3))).toEqual(['row 3']);
    expect(run.locks?.(messageOf(Many, 3))).toEqual([]);
  });
});
