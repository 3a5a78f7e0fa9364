import type { SqlExecutor, SqlRunner, SqlTransaction } from '../sql/executor.js';
import { asInfrastructure } from '../sql/faults.js';
import { storable } from '../sql/lists.js';
import { inboxLock, lock } from '../sql/locks.js';
import { UNNAMED } from '../sql/statement-name.js';
import { type Lane, leaveLane } from './lane.js';
import type { ParkedState } from './park.js';

/** A parked message as operators see it: never its body. */
export interface ParkedMessage {
  readonly subscriber: string;
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly key: string | null;
  readonly type: string | null;
  readonly state: ParkedState;
  readonly due: Date | null;
  readonly attempts: number;
  readonly reason: string | null;
  readonly error: string | null;
  readonly traceId: string | null;
  readonly firstFailedAt: Date | null;
  readonly lastFailedAt: Date | null;
  /** A command that failed: its caller was told, so it can be discarded, not replayed. */
  readonly ended: boolean;
}

export interface ParkedFilter {
  readonly subscriber?: string;
  readonly state?: ParkedState;
  /** At most 500. Default 100. */
  readonly limit?: number;
}

interface StoredParked extends ParkedMessage {
  readonly seq: string;
}

const MOST = 500;

const COLUMNS = `p.seq::text as seq, p.subscriber, p.id, p.topic, p.partition, p.key, p.headers->>'type' as type, p.state, p.due, p.attempts,
  p.reason, p.error, p.trace_id as "traceId", p.first_failed_at as "firstFailedAt", p.last_failed_at as "lastFailedAt",
  exists(select 1 from inbox i where i.subscriber = p.subscriber and i.id = p.id) as ended`;
const LIST = `${UNNAMED} select ${COLUMNS} from parked_messages p
  where ($1::text is null or p.subscriber = $1) and ($2::text is null or p.state = $2) order by p.seq limit $3::text::int`;
const ONE = `${UNNAMED} select ${COLUMNS} from parked_messages p where p.subscriber = $1 and p.id = $2`;
const REPLAY = `${UNNAMED} update parked_messages set state = 'retry', due = clock_timestamp(), attempts = 0 where seq = $1::text::bigint`;
const ENDED = `${UNNAMED} insert into inbox (subscriber, id, ending, problem, first_sent_at)
  values ($1, $2, 'failed', '{"code":"discarded"}', clock_timestamp()) on conflict (subscriber, id) do nothing`;

export async function listParked(
  sql: SqlRunner,
  { subscriber, state, limit = 100 }: ParkedFilter,
): Promise<ParkedMessage[]> {
  const most = String(Math.min(limit, MOST));
  return sql.query<StoredParked>(LIST, [subscriber ?? null, state ?? null, most]).catch(rethrow);
}

/** `not-dead`: it still runs by itself. `ended`: a command whose caller was told. */
export type ReplayResult = 'replayed' | 'unknown' | 'not-dead' | 'ended';

/** Makes a dead message due now, with all its attempts, in its place before the others of its key. */
export async function replayParked(
  executor: SqlExecutor,
  subscriber: string,
  id: string,
): Promise<ReplayResult> {
  return withParked(executor, subscriber, id, 'unknown', async (tx, row) => {
    if (row.ended) return 'ended';
    if (row.state !== 'dead') return 'not-dead';
    await tx.execute(REPLAY, [row.seq]);
    return 'replayed';
  });
}

/** Removes a parked message for good: the next of its key becomes due, and a copy that comes later does not run. */
export async function discardParked(executor: SqlExecutor, subscriber: string, id: string): Promise<boolean> {
  return withParked(executor, subscriber, id, false, async (tx, row) => {
    await leaveLane(tx, row, [row.seq], 'delete');
    await tx.execute(ENDED, [subscriber, storable(id)]);
    return true;
  });
}

/** Under the lock of the message's partition, which never changes. */
async function withParked<T>(
  executor: SqlExecutor,
  subscriber: string,
  id: string,
  missing: T,
  work: (tx: SqlTransaction, row: StoredParked & Lane) => Promise<T>,
): Promise<T> {
  const find = (sql: SqlRunner) => sql.query<StoredParked>(ONE, [subscriber, storable(id)]);
  try {
    const [hint] = await find(executor);
    if (!hint) return missing;
    return await executor.transaction(async (tx) => {
      await lock(tx, 'inbox', [inboxLock(subscriber, hint.topic, hint.partition)]);
      const [row] = await find(tx);
      return row ? await work(tx, row) : missing;
    });
  } catch (error) {
    return rethrow(error);
  }
}

function rethrow(error: unknown): never {
  throw asInfrastructure(error);
}
