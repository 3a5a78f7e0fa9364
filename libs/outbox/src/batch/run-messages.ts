import { type Delivery, type HandlerResult, Rejection, type Run } from '@taskwire/messaging';
import type { OutgoingBuffer } from '../outgoing/buffer.js';
import { failureOf } from '../parked/failure.js';
import type { SqlTransaction } from '../sql/executor.js';
import { isInfrastructure, isRunAgain } from '../sql/faults.js';
import { HandlerTimeout, withinHandlerTime } from './handler-time.js';
import type { Settlement } from './settlement.js';

export interface RunParts {
  readonly tx: SqlTransaction;
  readonly run: Run;
  readonly buffer: OutgoingBuffer;
  readonly handlerMs: number;
}

/** A handler refused a message after it had written: the batch rolls back and runs again with savepoints. */
export class RejectedAfterWrite extends Error {
  override readonly name = 'RejectedAfterWrite';
}

/** A fault that is known already and only has to be settled: no handler runs. */
export class KnownFault extends Error {
  override readonly name = 'KnownFault';
  constructor(readonly fault: unknown) {
    super('a handler failed before');
  }
}

/** All messages in one call, without savepoints: the fast way, taken first. Any fault is thrown. */
export async function runTogether(
  parts: RunParts,
  deliveries: readonly Delivery[],
  settlement: Settlement,
): Promise<void> {
  if (deliveries.length === 0) return;
  const messages = deliveries.map((delivery) => delivery.message);
  const context = parts.buffer.context(parts.tx, messages.length === 1 ? messages[0] : undefined);
  const results = await withinHandlerTime(parts.handlerMs, start(parts.run, messages, context));
  if (results.length !== messages.length) throw countMismatch(results, messages.length);
  for (const [index, result] of results.entries()) {
    const delivery = deliveries[index];
    if (!delivery) continue;
    if ('rejection' in result && (result.afterWrite ?? parts.tx.writes > 0)) {
      throw new RejectedAfterWrite('a handler wrote, then refused');
    }
    conclude(parts.buffer, delivery, result, settlement);
  }
}

/**
 * One message after the other, each behind a savepoint: one that fails or is refused leaves nothing behind. `last`: a
 * fault settles the message; otherwise it is to be run again, and what comes later on its key with it.
 */
export async function runSingly(
  parts: RunParts,
  deliveries: readonly Delivery[],
  settlement: Settlement,
  last: boolean,
): Promise<void> {
  for (const delivery of deliveries) {
    const stopped = settlement.stoppedBy(delivery);
    if (stopped === 'failed') settlement.again(delivery, undefined);
    else if (stopped === 'parked' && delivery.message.kind === 'event') settlement.wait(delivery);
    else {
      const result = await runOne(parts, delivery);
      if (!('fault' in result)) conclude(parts.buffer, delivery, result, settlement);
      else if (last) settlement.fail(delivery, failureOf(result.fault));
      else settlement.again(delivery, result.fault);
    }
  }
}

/** Runs one message behind a savepoint. Throws what is no fault of the message, or what a savepoint can't undo. */
export async function runOne(
  parts: RunParts,
  delivery: Delivery,
): Promise<HandlerResult | { readonly fault: unknown }> {
  const { tx, buffer } = parts;
  const { message } = delivery;
  await tx.execute('savepoint message');
  try {
    const run = start(parts.run, [message], buffer.context(tx, message));
    const results = await withinHandlerTime(parts.handlerMs, run);
    const [result] = results;
    if (!result || results.length > 1) throw countMismatch(results, 1);
    if ('rejection' in result) await undo(parts, delivery);
    else await tx.execute('release savepoint message');
    return result;
  } catch (error) {
    if (isInfrastructure(error) || isRunAgain(error) || error instanceof HandlerTimeout) throw error;
    await undo(parts, delivery);
    if (error instanceof KnownFault) return { fault: error.fault };
    return error instanceof Rejection ? { rejection: error } : { fault: error };
  }
}

async function undo({ tx, buffer }: RunParts, { message }: Delivery): Promise<void> {
  await tx.execute('rollback to savepoint message');
  buffer.drop(message);
}

function conclude(
  buffer: OutgoingBuffer,
  delivery: Delivery,
  result: HandlerResult,
  settlement: Settlement,
): void {
  if ('reply' in result) {
    settlement.end(delivery, 'done', result.reply ?? null);
    return;
  }
  buffer.drop(delivery.message);
  settlement.end(delivery, 'rejected', null, problemOf(result.rejection));
}

export function problemOf({ code, detail }: Rejection): { code: string; detail?: string } {
  return detail === undefined ? { code } : { code, detail };
}

/** A handler that throws before its first await is a rejected promise like any other. */
async function start(run: Run, ...args: Parameters<Run>): Promise<readonly HandlerResult[]> {
  return run(...args);
}

function countMismatch(results: readonly unknown[], messages: number): TypeError {
  return new TypeError(
    `a run of ${messages} messages answered ${results.length} results: answer one per message, in order`,
  );
}
