import type { Ending } from '@taskwire/messaging';
import type { StoredEnding } from './outbox-store.js';
import type { SqlExecutor, SqlRunner } from './sql/executor.js';
import { asInfrastructure, LOCK_TIMEOUT } from './sql/faults.js';
import { json, storable } from './sql/lists.js';
import { toSqlError } from './sql/sql-error.js';
import { UNNAMED } from './sql/statement-name.js';

const READ = `${UNNAMED} select ending, reply, problem, request_hash as "requestHash", ended_at as "endedAt",
    extract(epoch from clock_timestamp() - ended_at)::float8 * 1000 as "endedAgoMs"
  from inbox where subscriber = $1 and id = $2`;

// A batch that is about to commit the same id makes the insert wait: not longer than this.
const WAIT = `select set_config('lock_timeout', '200ms', true) as wait`;

const END = `${UNNAMED} insert into inbox (subscriber, id, ending, problem, first_sent_at)
  select $1, $2, $3, $4::text::json, $5::text::timestamptz
  where $6::text is null or $6::text::timestamptz < clock_timestamp()
  on conflict (subscriber, id) do nothing`;

export async function readOperation(
  sql: SqlRunner,
  subscriber: string,
  id: string,
): Promise<StoredEnding | null> {
  try {
    const [row] = await sql.query<StoredEnding>(READ, [subscriber, storable(id)]);
    return row ?? null;
  } catch (error) {
    throw asInfrastructure(error);
  }
}

/** Stores an ending that needs no handler, once the deadline has passed; the first ending wins, and is answered. */
export async function endOperation(
  executor: SqlExecutor,
  subscriber: string,
  id: string,
  ending: Extract<Ending, 'expired' | 'cancelled'>,
  times: { readonly firstSentAt: Date; readonly deadline: Date | null },
): Promise<StoredEnding | null> {
  const known = await readOperation(executor, subscriber, id);
  if (known) return known;
  const { firstSentAt, deadline } = times;
  const values = [subscriber, storable(id), ending, json({ code: ending }), firstSentAt.toISOString()];
  try {
    await executor.transaction(async (tx) => {
      await tx.query(WAIT);
      await tx.execute(END, [...values, deadline?.toISOString() ?? null]);
    });
  } catch (error) {
    if (toSqlError(error)?.sqlState === LOCK_TIMEOUT) return null;
    throw asInfrastructure(error);
  }
  return readOperation(executor, subscriber, id);
}
