import type { Delivery, Ending, Problem } from '@taskwire/messaging';
import type { SqlTransaction } from '../sql/executor.js';
import { column } from '../sql/lists.js';

/** What the tables know of a message. */
export interface Seen {
  readonly ending: Ending | null;
  readonly reply: unknown;
  readonly problem: Problem | null;
  readonly requestHash: string | null;
  readonly parked: boolean;
  /** Another message of its key is parked. */
  readonly blocked: boolean;
  readonly tooOld: boolean;
  readonly pastDeadline: boolean;
  /** It was running when a process died. */
  readonly suspect: boolean;
  /** How often its process died while it ran in quarantine. */
  readonly kills: number;
}

// To plan LOOK costs more than to run it, so its plan is kept; but one made when a table had a few rows would read it whole
// when it has millions. Without sequential scans any plan of it is right for tables of any size.
const BY_INDEX = `select set_config('taskwire.seqscan', current_setting('enable_seqscan'), true) as was,
  set_config('enable_seqscan', 'off', true) as now`;

// A statement of its own after the locks: one that waits keeps its snapshot from before the wait. It gives the planner back
// what BY_INDEX took: what handlers run is not ours to decide.
const LOOK = `select i.ending, i.reply, i.problem, i.request_hash as "requestHash",
    p.seq is not null as parked, b.seq is not null as blocked, s.kills is not null as suspect, coalesce(s.kills, 0) as kills,
    m.sent < clock_timestamp() - $7::text::float8 * interval '1 ms' as "tooOld",
    coalesce(m.deadline < clock_timestamp(), false) as "pastDeadline"
  from (select set_config('enable_seqscan', current_setting('taskwire.seqscan'), true)) given_back,
  unnest($2::text[], $3::text[], $4::text[], $5::text[]::timestamptz[], $6::text[]::timestamptz[])
    with ordinality m(id, topic, key, sent, deadline, n)
  left join lateral (select ending, reply, problem, request_hash from inbox where subscriber = $1 and id = m.id limit 1) i on true
  left join lateral (select seq from parked_messages where subscriber = $1 and id = m.id limit 1) p on true
  left join lateral (select seq from parked_messages where subscriber = $1 and topic = m.topic and key = m.key limit 1) b on true
  left join lateral (select kills from suspect_messages where subscriber = $1 and id = hashtextextended(m.id, 0) limit 1) s on true
  order by m.n`;

/** One answer per delivery, in order. Only under the locks of their partitions does it stay true. */
export async function look(
  tx: SqlTransaction,
  subscriber: string,
  deliveries: readonly Delivery[],
  windowMs: number,
): Promise<Seen[]> {
  const byIndex = tx.query(BY_INDEX);
  const seen = tx.query<Seen>(LOOK, [
    subscriber,
    column(deliveries, (d) => d.message.id),
    column(deliveries, (d) => d.message.topic),
    column(deliveries, (d) => (d.message.kind === 'event' ? d.message.key : null)),
    column(deliveries, (d) => d.message.firstSentAt),
    column(deliveries, (d) => d.message.deadline),
    String(windowMs),
  ]);
  return (await Promise.all([byIndex, seen]))[1];
}
