import type { Headers } from '@taskwire/messaging';
import { createHash } from 'node:crypto';
import { leaveLane } from '../parked/lane.js';
import type { SqlExecutor, SqlTransaction } from '../sql/executor.js';
import { json, storable } from '../sql/lists.js';
import { inboxLock, lock } from '../sql/locks.js';
import { UNNAMED } from '../sql/statement-name.js';
import { record } from './actions.js';
import type { Act, DeadLetters, EditResult, ParkedDetail } from './dead-letters.js';
import { findParked } from './list.js';

const ENDED = `${UNNAMED} insert into inbox (subscriber, id, ending, problem, first_sent_at)
  values ($1, $2, 'failed', '{"code":"discarded"}', clock_timestamp()) on conflict (subscriber, id) do nothing`;

const REWRITE = `${UNNAMED} update parked_messages set headers = $2::text::json, body = $3 where seq = $1::text::bigint`;

/** Removes a parked message for good: the next of its key becomes due, and a copy that comes later does not run. */
export async function discardParked(
  executor: SqlExecutor,
  subscriber: string,
  id: string,
  act: Act,
): Promise<boolean> {
  return underLock(executor, subscriber, id, false, async (tx, row) => {
    await record(tx, 'discard', [row.seq], act);
    await leaveLane(tx, row, [row.seq], 'delete');
    await tx.execute(ENDED, [subscriber, storable(id)]);
    return true;
  });
}

export async function editParked(
  executor: SqlExecutor,
  subscriber: string,
  id: string,
  rewrite: Parameters<DeadLetters['edit']>[2],
  act: Act,
): Promise<EditResult> {
  return underLock<EditResult>(executor, subscriber, id, 'unknown', async (tx, row) => {
    if (row.ending !== null) return 'ended';
    const { headers, body }: { headers: Headers; body: Buffer } = rewrite(row);
    const bodyHash = createHash('sha256').update(body).digest('hex');
    await record(tx, 'edit', [row.seq], act, bodyHash);
    await tx.execute(REWRITE, [row.seq, json(headers), body]);
    return { bodyHash };
  });
}

/** Under the lock of the message's partition, which never changes. */
async function underLock<T>(
  executor: SqlExecutor,
  subscriber: string,
  id: string,
  missing: T,
  work: (tx: SqlTransaction, row: Omit<ParkedDetail, 'lane'>) => Promise<T>,
): Promise<T> {
  const hint = await findParked(executor, subscriber, id);
  if (!hint) return missing;
  return executor.transaction(async (tx) => {
    await lock(tx, 'inbox', [inboxLock(subscriber, hint.topic, hint.partition)]);
    const row = await findParked(tx, subscriber, id);
    return row ? await work(tx, row) : missing;
  });
}
