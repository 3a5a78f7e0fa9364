import type { SqlExecutor } from './sql/executor.js';
import { UNNAMED } from './sql/statement-name.js';

const BATCH = 1_000;
const MOST_BATCHES = 100;
const MARK_DAYS = 1;
const ORIGINAL_DAYS = 30;

// An hour later than the refusal of old messages, both by the database's clock: no repeat slips in between.
const INBOX = `${UNNAMED} delete from inbox where ctid = any(array(
  select ctid from inbox where first_sent_at < clock_timestamp() - $1::text::float8 * interval '1 ms' - interval '1 hour' limit ${BATCH}))`;

// Of what operators changed, the original may hold personal content: it is forgotten, its hash stays.
const ORIGINALS = `${UNNAMED} update operator_actions set headers = null, body = null where seq = any(array(
  select seq from operator_actions where body is not null and at < clock_timestamp() - interval '${ORIGINAL_DAYS} days' limit ${BATCH}))`;

const SUSPECTS = `${UNNAMED} delete from suspect_messages where seen_at < clock_timestamp() - interval '${MARK_DAYS} day'`;
const MARKS = `${UNNAMED} delete from running_marks where marked_at < clock_timestamp() - interval '${MARK_DAYS} day'`;

/** Forgets endings that no repeat may ask for any more, in short statements. Answers how many. */
export async function purge(executor: SqlExecutor, windowMs: number): Promise<number> {
  await executor.execute(SUSPECTS);
  await executor.execute(MARKS);
  await executor.execute(ORIGINALS);
  let purged = 0;
  for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
    const count = await executor.execute(INBOX, [String(windowMs)]);
    purged += count;
    if (count < BATCH) break;
  }
  return purged;
}
