import type { Driver, OutgoingMessage } from './driver.js';
import { encodeEvent } from './envelope/encode.js';
import { originOf } from './envelope/origin.js';
import {
  type Delivery,
  type HandlerResult,
  InfrastructureError,
  type MessageStore,
  type Outcome,
  type ReceivedMessage,
  type Run,
  type RunContext,
  type Transaction,
} from './store.js';

/**
 * A store for groups without a database: each message runs by itself, at least once, and repeats are not noticed. What a
 * handler publishes is sent after it returned. There is no transaction, no schedule and nowhere to park: an event that
 * fails its quick attempts is logged and lost. `tx` of its handlers must not be used.
 */
export function direct(driver: Pick<Driver, 'send'>): MessageStore {
  return {
    async process(_group, deliveries, run, last) {
      const outcomes: Outcome[] = [];
      const heldBack = new Set<string>();
      for (const delivery of deliveries) {
        const { key } = delivery.message;
        const outcome: Outcome =
          key !== null && heldBack.has(key)
            ? { kind: 'again', error: undefined }
            : await processOne(driver, delivery, run, last);
        if (outcome.kind === 'again' && key !== null) heldBack.add(key);
        outcomes.push(outcome);
      }
      return outcomes;
    },
    drain: () => Promise.resolve(0),
  };
}

async function processOne(
  driver: Pick<Driver, 'send'>,
  { message, fault }: Delivery,
  run: Run,
  last: boolean,
): Promise<Outcome> {
  if (fault) return ended(fault.code === 'unknown_type' ? 'rejected' : 'failed', fault.code, fault.detail);
  if (message.deadline && message.deadline.getTime() < Date.now()) return ended('expired', 'expired');
  const outgoing: OutgoingMessage[] = [];
  let result: HandlerResult | undefined;
  try {
    [result] = await run([message], contextFor(message, outgoing));
  } catch (error) {
    if (error instanceof InfrastructureError) throw error;
    return last ? ended('failed', 'handler_failed') : { kind: 'again', error };
  }
  if (result && 'rejection' in result) {
    return ended('rejected', result.rejection.code, result.rejection.detail);
  }
  await send(driver, outgoing);
  return { kind: 'ended', ending: 'done', reply: result?.reply, problem: null, repeated: false };
}

async function send(driver: Pick<Driver, 'send'>, outgoing: readonly OutgoingMessage[]): Promise<void> {
  if (outgoing.length === 0) return;
  const errors = await driver.send(outgoing);
  const error = errors.find((one) => one !== undefined);
  if (error) throw new InfrastructureError('what a handler published was not sent', { cause: error });
}

function contextFor(message: ReceivedMessage, outgoing: OutgoingMessage[]): RunContext {
  const noSchedule = (): never => {
    throw new Error(`${message.type}: a group without a store has no schedule`);
  };
  return {
    tx: {} as Transaction,
    writes: 0,
    publish: (contract, payload, cause = message) => {
      outgoing.push(encodeEvent(contract, payload, originOf(cause)));
    },
    schedule: noSchedule,
    cancelSchedule: noSchedule,
  };
}

function ended(ending: 'rejected' | 'failed' | 'expired', code: string, detail?: string): Outcome {
  const problem = { code, ...(detail !== undefined && { detail }) };
  return { kind: 'ended', ending, reply: null, problem, repeated: false };
}
