import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { command } from '../contract/message.js';
import { subscription } from '../contract/subscription.js';
import { decode } from '../envelope/decode.js';
import { encodeCommand } from '../envelope/encode.js';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { SYSTEM } from '../envelope.js';
import { onCommand } from '../registry/handler.js';
import { registryOf } from '../registry/registry.js';
import type { Delivery, MessageStore, Outcome } from '../store.js';
import { instruments } from '../telemetry.js';
import { settle } from './attempts.js';
import { BatchTrace } from './batch-trace.js';
import { Breaker } from './breaker.js';
import type { PipelineParts } from './parts.js';

const payload = z.object({ owner: z.string(), id: z.string() });
const Create = command('note.create.v1', {
  ...{ topic: 'note.commands', key: (p: { owner: string }) => p.owner },
  ...{ payload, reply: payload, rejections: [] },
});
const notes = subscription('notes', { kind: 'group', commands: [Create] });
const registry = registryOf(notes, [onCommand(Create, (message) => message.payload)]);

function deliveryOf(owner: string, id: string): Delivery {
  const options = { id, identity: SYSTEM, firstSentAt: new Date(), deadline: new Date(Date.now() + 60_000) };
  const reply = { address: 'requester', correlationId: `reply to ${id}` };
  const { headers, body } = encodeCommand(Create, { owner, id }, options, ROOT_CONTEXT, reply);
  return decode(headers, body, { ...registry, ordered: true });
}

type Decide = (id: string, last: boolean) => 'done' | 'again' | 'held';

/** A store that decides by the script of a case, and notes its calls as `ids` or `ids!` on the last attempt. */
function scripted(decide: Decide) {
  const calls: string[] = [];
  const store: MessageStore = {
    process: (_group, deliveries, _run, last) => {
      calls.push(deliveries.map(({ message }) => message.id).join(' ') + (last ? '!' : ''));
      return Promise.resolve(deliveries.map(({ message }) => outcomeOf(decide(message.id, last))));
    },
    drain: () => Promise.resolve(0),
  };
  return { store, calls };
}

function outcomeOf(decision: ReturnType<Decide>): Outcome {
  if (decision === 'again') return { kind: 'again', error: new Error('not yet') };
  if (decision === 'held') return { kind: 'again', error: undefined };
  return { kind: 'ended', ending: 'done', reply: { owner: 'a', id: 'b' }, problem: null, repeated: false };
}

function partsWith(store: MessageStore, keys = 10) {
  const replies: string[] = [];
  const gate = { pause: () => undefined, resume: () => undefined };
  const parts: PipelineParts = {
    driver: { name: 'memory', reply: async (_address, id) => void (await Promise.resolve(replies.push(id))) },
    ...{ subscription: notes, registry, store, instruments: instruments() },
    breaker: new Breaker(gate, () => undefined, { keys, pauseMs: 60_000 }),
    log: () => undefined,
    onParked: () => undefined,
  };
  return { parts, replies };
}

async function settleWith(parts: PipelineParts, deliveries: Delivery[]): Promise<void> {
  const trace = new BatchTrace('memory', 'notes', deliveries);
  const run = () => Promise.resolve([]);
  try {
    await settle(parts, { subscriber: 'notes', afterDead: 'block' }, run, deliveries, trace);
  } finally {
    parts.breaker.close();
  }
}

describe('quick attempts', () => {
  it('runs what fails three times in all, the last time as the last', async () => {
    const { store, calls } = scripted((id, last) => (id === 'a1' && !last ? 'again' : 'done'));
    const { parts, replies } = partsWith(store);
    await settleWith(parts, [deliveryOf('a', 'a1'), deliveryOf('b', 'b1')]);
    expect(calls).toEqual(['a1 b1', 'a1', 'a1!']);
    expect(replies).toEqual(['reply to b1', 'reply to a1']);
  });

  it('gives what was held back behind a failing message its own three attempts', async () => {
    const fails = new Set(['a1', 'a2']);
    const { store, calls } = scripted((id, last) => {
      if (last) fails.delete(id);
      if (fails.has(id)) return id === 'a2' && fails.has('a1') ? 'held' : 'again';
      return 'done';
    });
    const { parts } = partsWith(store);
    await settleWith(parts, [deliveryOf('a', 'a1'), deliveryOf('a', 'a2')]);
    expect(calls).toEqual(['a1 a2', 'a1 a2', 'a1!', 'a2', 'a2', 'a2!']);
  });

  it('gives the rest back when many keys fail, before any last attempt', async () => {
    const { store, calls } = scripted(() => 'again');
    const { parts } = partsWith(store, 2);
    const settling = settleWith(parts, [deliveryOf('a', 'a1'), deliveryOf('b', 'b1')]);
    await expect(settling).rejects.toThrow('paused by its breaker');
    expect(calls).toEqual(['a1 b1']);
  });

  it('takes a probe to its end, so that each message ends some time', async () => {
    const { store, calls } = scripted((_id, last) => (last ? 'done' : 'again'));
    const { parts } = partsWith(store, 2);
    parts.breaker.infrastructureFailed();
    await settleWith(parts, [deliveryOf('a', 'a1')]);
    expect(calls).toEqual(['a1', 'a1', 'a1!']);
  });

  it.each([
    ['settles nothing on the last attempt', (): 'again' => 'again'],
    ['holds everything back behind nothing', (): 'held' => 'held'],
  ])('ends with an error when a store %s', async (_name, decide) => {
    const { store } = scripted(decide);
    const { parts } = partsWith(store);
    await expect(settleWith(parts, [deliveryOf('a', 'a1')])).rejects.toThrow('left 1 messages unsettled');
  });

  it('goes on when a reply can not be sent', async () => {
    const { store } = scripted(() => 'done');
    const { parts } = partsWith(store);
    const driver = { name: 'memory', reply: () => Promise.reject(new Error('gone')) } as const;
    await expect(settleWith({ ...parts, driver }, [deliveryOf('a', 'a1')])).resolves.toBeUndefined();
  });
});
