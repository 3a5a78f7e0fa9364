import { InfrastructureError } from '@taskwire/messaging';
import type { SqlExecutor, SqlRunner } from '../sql/executor.js';
import { column, storable } from '../sql/lists.js';
import { UNNAMED } from '../sql/statement-name.js';

/** A batch of messages and a run of parked messages may be under way for one partition at once, in one process. */
export type Slot = 'batch' | 'drain';

export interface Place {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
}

/** What another owner ran last on the same partitions. */
export interface LeftMark {
  readonly owner: string;
  readonly pid: number;
}

/** Others left marks: who of them is dead has to be found out before anything runs. */
export class MarksLeft extends Error {
  override readonly name = 'MarksLeft';
  constructor(readonly marks: readonly LeftMark[]) {
    super(`${marks.length} marks of others are on these partitions`);
  }
}

/** Longer than any batch: a mark of that age is left behind, even where a connection pooler keeps its connection. */
const LONGEST_BATCH = '2 minutes';

// One row for each connection, in a transaction of its own, before that of the batch. The commit is not waited for: only
// this process dying must not lose it. What was settled stays in the mark: as suspects those are found settled.
const MARK = `with quick as (select set_config('synchronous_commit', 'off', true) as off),
  others as (
    select owner, pid from running_marks
    where subscriber = $1 and slot = $2 and owner <> $3 and places && $4::text[] and ids <> '{}'
  ),
  marked as (
    insert into running_marks (owner, pid, subscriber, slot, marked_at, places, ids, quarantined)
    select $3, pg_backend_pid(), $1, $2, clock_timestamp(), $4::text[],
      array(select hashtextextended(id, 0) from unnest($5::text[]) id), $6 from quick
    on conflict (owner, pid) do update set subscriber = excluded.subscriber, slot = excluded.slot,
      marked_at = excluded.marked_at, places = excluded.places, ids = excluded.ids, quarantined = excluded.quarantined
  )
  select owner, pid from others`;

// A mark whose connection lives is no sign of death: it keeps its other partitions.
const BLAME = `${UNNAMED} with others as (
    select m.owner, m.pid, m.marked_at < clock_timestamp() - interval '${LONGEST_BATCH}'
      or not exists (select 1 from pg_stat_activity a where a.pid = m.pid) as dead
    from running_marks m join unnest($1::text[], $2::text[]::int[]) o(owner, pid) using (owner, pid)
  ),
  passed_on as (
    update running_marks m set places = array(select unnest(m.places) except select unnest($3::text[]))
    from others o where m.owner = o.owner and m.pid = o.pid and not o.dead
  ),
  died as (
    delete from running_marks m using others o where m.owner = o.owner and m.pid = o.pid and o.dead
    returning m.subscriber, m.ids, m.quarantined
  )
  insert into suspect_messages as s (subscriber, id, kills)
  select d.subscriber, id, max(d.quarantined::int) from died d, unnest(d.ids) id group by d.subscriber, id
  on conflict (subscriber, id) do update set kills = s.kills + excluded.kills, seen_at = clock_timestamp()`;

const UNMARK = `update running_marks set ids = '{}'
  where owner = $1 and subscriber = $2 and slot = $3 and places && $4::text[]`;

const FORGET = `${UNNAMED}
  delete from suspect_messages s using unnest($2::text[]) m(id)
  where s.subscriber = $1 and s.id = hashtextextended(m.id, 0)`;

/**
 * Poison that kills the process: what is about to run is written down. Whoever finds the mark of another, dead process on
 * a partition suspects each of its messages; those then run in quarantine. Only a death in there counts against a message:
 * whatever else was running when a process dies is innocent, time and again.
 */
export class RunningMarks {
  constructor(
    readonly subscriber: string,
    readonly slot: Slot,
    readonly owner: string,
  ) {}

  /**
   * On the connection of the transaction that runs them, before it begins. `quarantined`: nothing else runs in this process
   * meanwhile. Rejects with MarksLeft when others left some.
   */
  async mark(sql: SqlRunner, places: readonly Place[], quarantined = false): Promise<void> {
    const ids = column(places, (p) => p.id);
    const values = [this.subscriber, this.slot, this.owner, namesOf(places), ids, quarantined];
    const left = await sql.query<LeftMark>(MARK, values).catch(unmarked);
    if (left.length > 0) throw new MarksLeft(left);
  }

  /** Suspects what the dead among others were running; what the living left is theirs no more. Then mark again. */
  async blame(sql: SqlRunner, { marks: left }: MarksLeft, places: readonly Place[]): Promise<void> {
    const owners = column(left, (m) => m.owner);
    await sql.execute(BLAME, [owners, column(left, (m) => m.pid), namesOf(places)]);
  }

  /** A batch failed, and its messages run elsewhere next. */
  async unmark(sql: SqlExecutor, places: readonly Place[]): Promise<void> {
    const values = [this.owner, this.subscriber, this.slot, namesOf(places)];
    // A transaction tells promptly that its connection is dead, as that of the batch may have been.
    await sql.transaction((tx) => tx.execute(UNMARK, values));
  }

  /** Settled messages are no suspects any more. */
  async forget(sql: SqlRunner, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await sql.execute(FORGET, [this.subscriber, column(ids, (id) => id)]);
  }
}

/** Never the fault of a message, whatever it is. */
function unmarked(cause: Error): never {
  throw new InfrastructureError(`what is about to run could not be written down: ${cause.message}`, {
    cause,
  });
}

const namesOf = (places: readonly Place[]): string[] => [
  ...new Set(places.map(({ topic, partition }) => storable(`${topic}/${partition}`))),
];
