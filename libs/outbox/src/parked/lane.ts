import type { SqlTransaction } from '../sql/executor.js';
import { column } from '../sql/lists.js';
import { UNNAMED } from '../sql/statement-name.js';

/** The parked messages of one key, or one group of those that hold up nothing. */
export interface Lane {
  readonly subscriber: string;
  readonly topic: string;
  readonly partition: number;
  readonly key: string | null;
}

const DELETE = `${UNNAMED} delete from parked_messages where seq = any($1::text[]::bigint[])`;
const DETACH = `${UNNAMED} update parked_messages set key = null where seq = any($1::text[]::bigint[])`;
const PROMOTE = `${UNNAMED} update parked_messages set state = 'retry', due = clock_timestamp()
  where state = 'waiting' and seq = (select min(seq) from parked_messages where subscriber = $1 and topic = $2 and key = $3)`;

/**
 * Takes rows off the front of their lane, deleted or holding up nothing any more, and makes the next one due, in one
 * commit: only a head has a due time, so its followers would wait for ever. The one way out for the drainer and for
 * operators. The caller holds the lock of the lane's partition.
 */
export async function leaveLane(
  tx: SqlTransaction,
  lane: Lane,
  seqs: readonly string[],
  how: 'delete' | 'detach',
): Promise<void> {
  if (seqs.length === 0) return;
  await tx.execute(how === 'delete' ? DELETE : DETACH, [column(seqs, (seq) => seq)]);
  if (lane.key !== null) await tx.execute(PROMOTE, [lane.subscriber, lane.topic, lane.key]);
}
