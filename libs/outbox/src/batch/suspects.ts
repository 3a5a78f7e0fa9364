import type { SqlRunner } from '../sql/executor.js';
import { column } from '../sql/lists.js';
import { UNNAMED } from '../sql/statement-name.js';

/** A batch of messages and a run of parked messages may be under way for one partition at once, in one process. */
export type Slot = 'batch' | 'drain';

export interface Place {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
}

interface ReplacedMark {
  readonly pid: number;
  readonly markedAt: Date;
  readonly ids: readonly string[];
  readonly quarantined: boolean;
}

/** Longer than any batch: a mark of that age is left behind, even where a connection pooler keeps its connection. */
const LONGEST_BATCH = '2 minutes';

// Its own transaction, before that of the batch. The commit is not waited for: only this process dying must not lose it.
// Answers the marks of others that it replaced.
const MARK = `with quick as (select set_config('synchronous_commit', 'off', true) as off),
  mine as (
    select topic, partition, array_agg(hashtextextended(id, 0)) as ids
    from unnest($2::text[], $3::text[]::int[], $4::text[]) m(topic, partition, id) group by topic, partition
  ),
  replaced as (
    select r.pid, r.marked_at, r.ids, r.quarantined from running_batches r join mine using (topic, partition)
    where r.subscriber = $1 and r.slot = $5 and r.owner <> $6 and r.ids <> '{}'
  ),
  marked as (
    insert into running_batches (subscriber, topic, partition, slot, owner, pid, marked_at, ids, quarantined)
    select $1, m.topic, m.partition, $5, $6, pg_backend_pid(), clock_timestamp(), m.ids, $7 from mine m, quick
    order by m.topic, m.partition
    on conflict (subscriber, topic, partition, slot)
      do update set owner = excluded.owner, pid = excluded.pid, marked_at = excluded.marked_at, ids = excluded.ids,
        quarantined = excluded.quarantined
  )
  select pid, marked_at as "markedAt", ids::text[] as ids, quarantined from replaced`;

// A mark whose connection lives is no sign of death: several instances drain the same partition.
const SUSPECT = `${UNNAMED}
  insert into suspect_messages as s (subscriber, id, kills)
  select distinct $1, id::bigint, quarantined::int
  from unnest($2::text[]::int[], $3::text[]::timestamptz[], $4::text[], $5::text[]::boolean[]) m(pid, marked_at, id, quarantined)
  where m.marked_at < clock_timestamp() - interval '${LONGEST_BATCH}'
    or not exists (select 1 from pg_stat_activity a where a.pid = m.pid)
  on conflict (subscriber, id) do update set kills = s.kills + excluded.kills, seen_at = clock_timestamp()`;

const UNMARK = `${UNNAMED}
  update running_batches r set ids = '{}'
  from (select distinct * from unnest($2::text[], $3::text[]::int[]) p(topic, partition)) p
  where r.subscriber = $1 and r.slot = $4 and r.owner = $5 and r.topic = p.topic and r.partition = p.partition`;

const FORGET = `${UNNAMED}
  delete from suspect_messages s using unnest($2::text[]) m(id)
  where s.subscriber = $1 and s.id = hashtextextended(m.id, 0)`;

/**
 * Poison that kills the process: what is about to run is written down, and deleted with the batch's commit. Whoever finds
 * the rows of another, dead process suspects each of its messages; those then run in quarantine. Only a death in there
 * counts against a message: whatever else was running when a process dies is innocent, time and again.
 */
export class RunningMarks {
  constructor(
    readonly subscriber: string,
    readonly slot: Slot,
    readonly owner: string,
  ) {}

  /** `quarantined`: nothing else runs in this process meanwhile. */
  async mark(sql: SqlRunner, places: readonly Place[], quarantined = false): Promise<void> {
    const ids = column(places, (p) => p.id);
    const values = [this.subscriber, ...partitionsOf(places), ids, this.slot, this.owner, quarantined];
    const replaced = await sql.query<ReplacedMark>(MARK, values);
    const messages = replaced.flatMap(({ ids: of, ...mark }) => of.map((id) => ({ ...mark, id })));
    if (messages.length === 0) return;
    await sql.execute(SUSPECT, [
      this.subscriber,
      column(messages, (m) => m.pid),
      column(messages, (m) => m.markedAt),
      column(messages, (m) => m.id),
      column(messages, (m) => String(m.quarantined)),
    ]);
  }

  /** Outside of a batch's transaction: it failed. Its commit does it with the statement that stores its endings. */
  async unmark(sql: SqlRunner, places: readonly Place[]): Promise<void> {
    await sql.execute(UNMARK, [this.subscriber, ...partitionsOf(places), this.slot, this.owner]);
  }

  /** Settled messages are no suspects any more. */
  async forget(sql: SqlRunner, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await sql.execute(FORGET, [this.subscriber, column(ids, (id) => id)]);
  }
}

export function partitionsOf(places: readonly Place[]): [(string | null)[], (string | null)[]] {
  return [column(places, (p) => p.topic), column(places, (p) => p.partition)];
}
