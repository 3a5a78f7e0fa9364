import { setTimeout as delay } from 'node:timers/promises';
import type { HandlerContext } from '@taskwire/messaging';
import { withinHandlerTime } from './batch/handler-time.js';
import type { StoreParts } from './batch/transaction.js';
import { OutgoingBuffer } from './outgoing/buffer.js';
import { storeChanges } from './outgoing/store-changes.js';
import type { WriteOptions } from './outbox-store.js';
import { asInfrastructure, isRunAgain } from './sql/faults.js';
import { lock } from './sql/locks.js';

const MOST_REPEATS = 5;
const LONGEST_PAUSE_MS = 50;

/** A write outside of any batch, with the same locks in the same order. */
export async function write<T>(
  parts: StoreParts,
  work: (context: HandlerContext) => Promise<T>,
  options: WriteOptions,
): Promise<T> {
  for (let repeat = 0; ; repeat += 1) {
    try {
      return await writeOnce(parts, work, options);
    } catch (error) {
      if (!isRunAgain(error) || repeat === MOST_REPEATS) throw asInfrastructure(error);
      await delay(Math.random() * LONGEST_PAUSE_MS);
    }
  }
}

async function writeOnce<T>(
  parts: StoreParts,
  work: (context: HandlerContext) => Promise<T>,
  { identity, locks = [] }: WriteOptions,
): Promise<T> {
  const { result, sent } = await parts.executor.transaction(async (tx) => {
    await lock(tx, 'rows', locks);
    const buffer = new OutgoingBuffer(parts.outgoing, identity);
    const result = await withinHandlerTime(parts.settings.handlerMs, work(buffer.context(tx)));
    return { result, sent: await storeChanges(tx, buffer.changes()) };
  });
  if (sent) parts.onOutgoing();
  return result;
}
