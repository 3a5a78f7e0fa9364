import type { Delivery } from '@taskwire/messaging';
import type { SqlTransaction } from '../sql/executor.js';
import { column, json } from '../sql/lists.js';

export type ParkedState = 'retry' | 'dead' | 'waiting';

/** Why it was parked: a class for people and metrics, and the error's own words. */
export interface Failure {
  readonly reason: string;
  readonly error: string;
}

export interface NewParked {
  readonly delivery: Delivery;
  /** null: it holds up nothing. */
  readonly key: string | null;
  readonly state: ParkedState;
  /** Until the first run; null unless `retry`. */
  readonly delayMs: number | null;
  readonly attempts: number;
  readonly failure: Failure | null;
}

const PARK = `insert into parked_messages
    (subscriber, id, topic, partition, key, state, due, attempts, reason, error, headers, body, trace_id, first_failed_at, last_failed_at)
  select $1, p.id, p.topic, p.partition, p.key, p.state, clock_timestamp() + p.delay * interval '1 ms', p.attempts, p.reason,
    p.error, p.headers, decode(p.body, 'base64'), p.trace,
    case when p.reason is not null then clock_timestamp() end, case when p.reason is not null then clock_timestamp() end
  from unnest($2::text[], $3::text[], $4::text[]::int[], $5::text[], $6::text[], $7::text[]::float8[], $8::text[]::int[],
      $9::text[], $10::text[], $11::text[]::json[], $12::text[], $13::text[])
    with ordinality p(id, topic, partition, key, state, delay, attempts, reason, error, headers, body, trace, n)
  order by p.n on conflict (subscriber, id) do nothing`;

/** Parks messages behind those of their keys that are parked already. */
export async function park(
  tx: SqlTransaction,
  subscriber: string,
  rows: readonly NewParked[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx.execute(PARK, [
    subscriber,
    column(rows, (r) => r.delivery.message.id),
    column(rows, (r) => r.delivery.message.topic),
    column(rows, (r) => r.delivery.message.partition),
    column(rows, (r) => r.key),
    column(rows, (r) => r.state),
    column(rows, (r) => r.delayMs),
    column(rows, (r) => r.attempts),
    column(rows, (r) => r.failure?.reason ?? null),
    column(rows, (r) => r.failure?.error ?? null),
    column(rows, (r) => json(r.delivery.headers)),
    column(rows, (r) => r.delivery.body.toString('base64')),
    column(rows, (r) => r.delivery.traceId),
  ]);
}
