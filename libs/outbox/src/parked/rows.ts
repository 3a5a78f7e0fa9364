import type { Delivery, Headers, MessageStore } from '@taskwire/messaging';
import type { SqlRunner, SqlTransaction } from '../sql/executor.js';
import { UNNAMED } from '../sql/statement-name.js';
import type { Lane } from './lane.js';
import type { ParkedState } from './park.js';

export type Parse = Parameters<MessageStore['drain']>[2];

export interface ParkedRow {
  readonly seq: string;
  readonly id: string;
  readonly state: ParkedState;
  readonly ready: boolean;
  readonly attempts: number;
  readonly suspect: boolean;
  readonly kills: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** A lane whose head is due, with the ids of the rows that may run with it. */
export interface DueLane extends Lane {
  readonly ids: readonly string[];
}

const MOST_LANES = 20;

const DUE = `${UNNAMED}
  select h.topic, h.partition, h.key,
    case when h.key is null then array_agg(h.id order by h.seq)
      else array(select f.id from parked_messages f
        where f.subscriber = $1 and f.topic = h.topic and f.key = h.key order by f.seq limit $2::text::int) end as ids
  from (
    select seq, id, topic, partition, key from parked_messages
    where subscriber = $1 and state = 'retry' and due <= clock_timestamp() order by due limit $3::text::int
  ) h
  group by h.topic, h.partition, h.key`;

const COLUMNS = `p.seq::text as seq, p.id, p.state, coalesce(p.due <= clock_timestamp(), false) as ready, p.attempts, p.headers, p.body,
  s.kills is not null as suspect, coalesce(s.kills, 0) as kills`;
const SUSPECT = `left join lateral (
    select kills from suspect_messages where subscriber = $1 and id = hashtextextended(p.id, 0) limit 1
  ) s on true`;

const OF_KEY = `${UNNAMED} select ${COLUMNS} from parked_messages p ${SUSPECT}
  where p.subscriber = $1 and p.topic = $2 and p.key = $3 order by p.seq limit $4::text::int`;

const OF_IDS = `${UNNAMED} select ${COLUMNS} from parked_messages p ${SUSPECT}
  where p.subscriber = $1 and p.id = any($2::text[]) and p.key is null and p.state = 'retry' order by p.seq limit $3::text::int`;

/** Lanes with something to run, those due first before others. Without a lock: only a hint. */
export async function dueLanes(sql: SqlRunner, subscriber: string, size: number): Promise<DueLane[]> {
  const rows = await sql.query<Omit<DueLane, 'subscriber'>>(DUE, [
    subscriber,
    String(size),
    String(MOST_LANES),
  ]);
  return rows.map((row) => ({ ...row, subscriber }));
}

/** What may run now: the due head of a key and those that wait behind it, or all due rows that hold up nothing. */
export async function readLane(tx: SqlTransaction, lane: DueLane, size: number): Promise<ParkedRow[]> {
  const { subscriber, topic, key, ids } = lane;
  if (key === null) {
    const rows = await tx.query<ParkedRow>(OF_IDS, [subscriber, ids, String(size)]);
    return rows.filter((row) => row.ready);
  }
  const rows = await tx.query<ParkedRow>(OF_KEY, [subscriber, topic, key, String(size)]);
  const [head] = rows;
  if (head?.state !== 'retry' || !head.ready) return [];
  const end = rows.findIndex((row, index) => index > 0 && row.state !== 'waiting');
  return end === -1 ? rows : rows.slice(0, end);
}

export function deliveryOf(row: ParkedRow, parse: Parse): Delivery {
  return parse(row.headers, row.body);
}
