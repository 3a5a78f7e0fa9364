import type { SqlExecutor } from './sql/executor.js';
import { UNNAMED } from './sql/statement-name.js';

const BATCH = 1_000;
const MOST_BATCHES = 100;
const SUSPECT_DAYS = 1;

// An hour later than the refusal of old messages, both by the database's clock: no repeat slips in between.
const INBOX = `${UNNAMED} delete from inbox where ctid = any(array(
  select ctid from inbox where first_sent_at < clock_timestamp() - $1::text::float8 * interval '1 ms' - interval '1 hour' limit ${BATCH}))`;

const SUSPECTS = `${UNNAMED} delete from suspect_messages where seen_at < clock_timestamp() - interval '${SUSPECT_DAYS} day'`;

/** Forgets endings that no repeat may ask for any more, in short statements. Answers how many. */
export async function purge(executor: SqlExecutor, windowMs: number): Promise<number> {
  await executor.execute(SUSPECTS);
  let purged = 0;
  for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
    const count = await executor.execute(INBOX, [String(windowMs)]);
    purged += count;
    if (count < BATCH) break;
  }
  return purged;
}
