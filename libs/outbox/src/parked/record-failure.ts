import type { GroupSettings } from '@taskwire/messaging';
import type { SqlTransaction } from '../sql/executor.js';
import { storable } from '../sql/lists.js';
import { UNNAMED } from '../sql/statement-name.js';
import { type Lane, leaveLane } from './lane.js';
import type { Failure } from './park.js';
import type { ParkedRow } from './rows.js';

const RECORD = `${UNNAMED} update parked_messages
  set attempts = attempts + 1, state = $2, due = clock_timestamp() + $3::text::float8 * interval '1 ms',
    reason = $4, error = $5, last_failed_at = clock_timestamp(), first_failed_at = coalesce(first_failed_at, clock_timestamp())
  where seq = $1::text::bigint`;

/** Counts the attempt: due again after the next pause, or dead after the last. */
export async function recordFailure(
  tx: SqlTransaction,
  lane: Lane,
  row: Pick<ParkedRow, 'seq' | 'attempts'>,
  { failure, dead }: { readonly failure: Failure; readonly dead: boolean },
  afterDead: GroupSettings['afterDead'],
  retryMs: readonly number[],
): Promise<void> {
  const pause = dead ? undefined : retryMs[row.attempts];
  const state = pause === undefined ? 'dead' : 'retry';
  const due = pause === undefined ? null : String(pause);
  await tx.execute(RECORD, [row.seq, state, due, failure.reason, storable(failure.error)]);
  if (state === 'dead' && afterDead === 'continue') await leaveLane(tx, lane, [row.seq], 'detach');
}
