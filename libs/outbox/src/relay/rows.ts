import type { Headers } from '@taskwire/messaging';
import type { SqlExecutor } from '../sql/executor.js';
import { column, storable } from '../sql/lists.js';
import { UNNAMED } from '../sql/statement-name.js';
import type { Lease } from './lease.js';

export interface OutboxRow {
  readonly seq: string;
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly payload: string;
  readonly headers: Headers;
  readonly createdAt: Date;
  /** A row of its key was refused for good: this one waits behind it. */
  readonly held: boolean;
}

// What the last pass sent leaves in the statement that reads the next rows, which sees the table as it was before.
// Partitions in back-off are left out: a full batch of their rows in front would starve all others.
const NEXT = `${UNNAMED} with gone as (delete from outbox where seq = any($3::text[]::bigint[]))
  select o.seq::text as seq, o.aggregatetype as topic, o.partition, o.aggregateid as key, o.payload, o.headers,
    o.created_at as "createdAt",
    exists(select 1 from outbox_held h where h.aggregatetype = o.aggregatetype and h.aggregateid = o.aggregateid) as held
  from outbox o where o.seq <> all($3::text[]::bigint[]) and (o.aggregatetype || '/' || o.partition) <> all($2::text[]) order by o.seq limit $1::text::int`;

const HOLD = `${UNNAMED}
  with own as (select 1 from outbox_lease where name = $1 and owner = $2 and until > clock_timestamp() for share),
  moved as (
    delete from outbox where seq = any($3::text[]::bigint[]) and exists (select 1 from own) returning *
  )
  insert into outbox_held (seq, id, aggregatetype, aggregateid, type, partition, payload, headers, created_at, error)
  select m.seq, m.id, m.aggregatetype, m.aggregateid, m.type, m.partition, m.payload, m.headers, m.created_at, e.error
  from moved m join unnest($3::text[]::bigint[], $4::text[]) e(seq, error) using (seq) order by m.seq`;

export const partitionName = (row: Pick<OutboxRow, 'topic' | 'partition'>): string =>
  `${row.topic}/${row.partition}`;

/** Deletes `sent`, whoever owns the lease by now, and reads the next rows in their order, without those of `except`. */
export function nextRows(
  executor: SqlExecutor,
  size: number,
  except: readonly string[],
  sent: readonly OutboxRow[],
): Promise<OutboxRow[]> {
  return executor.query<OutboxRow>(NEXT, [String(size), except, column(sent, (row) => row.seq)]);
}

export interface RefusedRow {
  readonly row: OutboxRow;
  /** null: only stands behind a refused one. */
  readonly error: string | null;
}

/** Takes rows out of the way of all other keys, with their numbers. Only the lease's owner may. */
export async function holdRows(
  executor: SqlExecutor,
  lease: Lease,
  refused: readonly RefusedRow[],
): Promise<void> {
  if (refused.length === 0) return;
  const errors = refused.map(({ error }) => (error === null ? null : storable(error)));
  await executor.execute(HOLD, [lease.name, lease.owner, column(refused, ({ row }) => row.seq), errors]);
}
