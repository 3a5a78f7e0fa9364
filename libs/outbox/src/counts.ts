import type { ParkedState } from './parked/park.js';
import type { SqlRunner } from './sql/executor.js';
import { asInfrastructure } from './sql/faults.js';
import { UNNAMED } from './sql/statement-name.js';

/** What waits in the tables of one service. Counts end at `COUNTED_UP_TO`: more is trouble enough. */
export interface Counts {
  /** By subscriber and state; states without a message are left out. */
  readonly parked: readonly ParkedCount[];
  /** Rows not yet confirmed by the broker. */
  readonly outboxRows: number;
  readonly oldestOutboxMs: number;
  /** Rows that the broker refused for good, and those behind them on their keys. */
  readonly heldRows: number;
  readonly scheduledRows: number;
  /** Keys that need a person, at most 100. */
  readonly alarms: readonly KeyAlarm[];
}

export interface ParkedCount {
  readonly subscriber: string;
  readonly state: ParkedState;
  readonly count: number;
}

export interface KeyAlarm {
  readonly subscriber: string;
  readonly topic: string;
  readonly key: string;
  /** `head-waiting`: nothing will ever run it, replay or discard its first message. */
  readonly reason: 'many-waiting' | 'head-waiting';
  readonly count: number;
}

const COUNTED_UP_TO = 1_000_000;
const MANY_WAITING = 1_000;

const PARKED = `${UNNAMED} select subscriber, state, count(*)::int as count
  from (select subscriber, state from parked_messages limit ${COUNTED_UP_TO}) p group by subscriber, state order by 1, 2`;

const WAITING = `${UNNAMED} select
    (select count(*)::int from (select 1 from outbox limit ${COUNTED_UP_TO}) o) as "outboxRows",
    coalesce((select extract(epoch from clock_timestamp() - created_at) * 1000 from outbox order by seq limit 1), 0)::float8 as "oldestOutboxMs",
    (select count(*)::int from (select 1 from outbox_held limit ${COUNTED_UP_TO}) h) as "heldRows",
    (select count(*)::int from (select 1 from scheduled_messages limit ${COUNTED_UP_TO}) s) as "scheduledRows"`;

const ALARMS = `${UNNAMED} select subscriber, topic, key, count,
    case when head = 'waiting' then 'head-waiting' else 'many-waiting' end as reason
  from (
    select subscriber, topic, key, (count(*) filter (where state = 'waiting'))::int as count,
      (array_agg(state order by seq))[1] as head
    from (select subscriber, topic, key, seq, state from parked_messages where key is not null limit ${COUNTED_UP_TO}) p
    group by subscriber, topic, key
  ) keys
  where head = 'waiting' or count > ${MANY_WAITING} order by count desc limit 100`;

export async function readCounts(sql: SqlRunner): Promise<Counts> {
  try {
    const [waiting] = await sql.query<Omit<Counts, 'parked' | 'alarms'>>(WAITING);
    const parked = await sql.query<ParkedCount>(PARKED);
    const alarms = parked.some(({ state }) => state === 'waiting') ? await sql.query<KeyAlarm>(ALARMS) : [];
    const none = { outboxRows: 0, oldestOutboxMs: 0, heldRows: 0, scheduledRows: 0 };
    return { ...(waiting ?? none), parked, alarms };
  } catch (error) {
    throw asInfrastructure(error);
  }
}
