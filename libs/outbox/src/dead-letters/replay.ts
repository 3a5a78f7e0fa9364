import type { SqlExecutor, SqlRunner } from '../sql/executor.js';
import { inboxLock, lock } from '../sql/locks.js';
import { storable } from '../sql/lists.js';
import { UNNAMED } from '../sql/statement-name.js';
import { record } from './actions.js';
import { COLUMNS, limitOf } from './columns.js';
import type {
  Act,
  ParkedMessage,
  ReplayOptions,
  ReplayPlan,
  ReplaySelection,
  ReplayStep,
  ReplayVerdict,
} from './dead-letters.js';
import { listParked } from './list.js';

type Row = ParkedMessage & { readonly waitingBehind: number };

// Laterals with a limit keep to the index of the key, whatever the planner believes of the table.
const ROWS = `${UNNAMED} select ${COLUMNS}, w.count as "waitingBehind" from parked_messages p
  left join lateral (select count(*)::int as count from (
    select 1 from parked_messages b where b.subscriber = p.subscriber and b.topic = p.topic and b.key = p.key
      and b.seq > p.seq and b.state = 'waiting' limit 100000) k) w on true
  where p.seq = any($1::text[]::bigint[]) order by p.seq`;
const BY_ID = `${UNNAMED} select p.seq::text as seq from parked_messages p where p.subscriber = $1 and p.id = $2`;

// Only what was replayed is due later without an attempt: the next of this subscriber queue up behind those of all calls.
const QUEUED = `${UNNAMED} select coalesce(greatest(extract(epoch from max(due) - clock_timestamp()) * 1000 + $2::text::float8, 0), 0)::float8 as ms
  from parked_messages where subscriber = $1 and state = 'retry' and attempts = 0`;

const REPLAY = `${UNNAMED} update parked_messages p set state = 'retry', attempts = 0, due = clock_timestamp() + m.after * interval '1 ms'
  from unnest($1::text[]::bigint[], $2::text[]::float8[]) m(seq, after) where p.seq = m.seq`;

/** Plans a replay and, unless it is a dry run, does it: subscriber by subscriber, each in one transaction. */
export async function replayParked(
  executor: SqlExecutor,
  mostPerSecond: number,
  selection: ReplaySelection,
  act: Act,
  { dryRun, perSecond = mostPerSecond }: ReplayOptions,
): Promise<ReplayPlan> {
  const gapMs = 1_000 / Math.min(perSecond, mostPerSecond);
  const { seqs, next } = await select(executor, selection);
  const steps: ReplayStep[] = [];
  for (const rows of Map.groupBy(await rowsOf(executor, seqs), (row) => row.subscriber).values()) {
    steps.push(...(dryRun ? await plan(executor, rows, gapMs) : await apply(executor, rows, gapMs, act)));
  }
  return { applied: !dryRun, steps, next };
}

async function select(
  sql: SqlRunner,
  { id, ...filter }: ReplaySelection,
): Promise<{ seqs: readonly string[]; next: string | null }> {
  if (id !== undefined) {
    const found = await sql.query<{ seq: string }>(BY_ID, [filter.subscriber ?? '', storable(id)]);
    return { seqs: found.map(({ seq }) => seq), next: null };
  }
  const limit = limitOf(filter.limit);
  const found = await listParked(sql, { ...filter, state: 'dead', limit });
  const last = found.length === limit ? found.at(-1) : undefined;
  return { seqs: found.map(({ seq }) => seq), next: last?.seq ?? null };
}

const rowsOf = (sql: SqlRunner, seqs: readonly string[]): Promise<Row[]> => sql.query<Row>(ROWS, [seqs]);

async function apply(
  executor: SqlExecutor,
  hints: readonly Row[],
  gapMs: number,
  act: Act,
): Promise<ReplayStep[]> {
  return executor.transaction(async (tx) => {
    const subscriber = hints[0]?.subscriber ?? '';
    // One replay of a subscriber after the other, or two would each keep to the rate and run at twice of it.
    await lock(tx, 'replay', [subscriber]);
    await lock(
      tx,
      'inbox',
      hints.map(({ topic, partition }) => inboxLock(subscriber, topic, partition)),
    );
    const rows = await rowsOf(
      tx,
      hints.map(({ seq }) => seq),
    );
    const steps = await plan(tx, rows, gapMs);
    const running = rows.flatMap(({ seq }, index) => {
      const afterMs = steps[index]?.afterMs ?? null;
      return afterMs === null ? [] : [{ seq, afterMs: String(afterMs) }];
    });
    const seqs = running.map(({ seq }) => seq);
    await record(tx, 'replay', seqs, act);
    await tx.execute(REPLAY, [seqs, running.map(({ afterMs }) => afterMs)]);
    return steps;
  });
}

/** Rows of one subscriber, oldest first; so in order within each key. */
async function plan(sql: SqlRunner, rows: readonly Row[], gapMs: number): Promise<ReplayStep[]> {
  const [queued] = await sql.query<{ ms: number }>(QUEUED, [rows[0]?.subscriber ?? '', String(gapMs)]);
  let afterMs = queued?.ms ?? 0;
  return rows.map(({ subscriber, id, topic, key, type, state, ending, waitingBehind }) => {
    const verdict = verdictOn(state, ending);
    const step = { subscriber, id, topic, key, type, state, ending, verdict, waitingBehind };
    if (verdict !== 'runs') return { ...step, afterMs: null };
    const due = { ...step, afterMs: Math.round(afterMs) };
    afterMs += gapMs;
    return due;
  });
}

/** Of an event the inbox knows what took effect; `failed` and the like are what the caller of a command was told. */
function verdictOn(state: ParkedMessage['state'], ending: ParkedMessage['ending']): ReplayVerdict {
  if (ending === 'done' || ending === 'rejected') return 'no-effect';
  if (ending !== null) return 'ended';
  return state === 'dead' ? 'runs' : 'not-dead';
}
