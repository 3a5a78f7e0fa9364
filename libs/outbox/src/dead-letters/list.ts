import type { ParkedState } from '../parked/park.js';
import type { SqlRunner, SqlValue } from '../sql/executor.js';
import { storable } from '../sql/lists.js';
import { UNNAMED } from '../sql/statement-name.js';
import { COLUMNS, limitOf, MATCHES, TYPE } from './columns.js';
import type { LanePlace, Page, ParkedDetail, ParkedFilter, ParkedMessage } from './dead-letters.js';

const COUNTED_UP_TO = 100_000;
const SHOWN_BEHIND = 20;

const LIST = `${UNNAMED} select ${COLUMNS} from parked_messages p
  where ${MATCHES} and ($5::text is null or p.state = $5) and ($6::text is null or p.seq > $6::text::bigint)
  order by p.seq limit $7::text::int`;

const COUNT = `${UNNAMED} select state, count(*)::int as count
  from (select p.state from parked_messages p where ${MATCHES} limit ${COUNTED_UP_TO}) m group by state`;

const ONE = `${UNNAMED} select ${COLUMNS}, p.headers, p.body, encode(sha256(p.body), 'hex') as "bodyHash"
  from parked_messages p where p.subscriber = $1 and p.id = $2`;

const AROUND = `${UNNAMED} select (count(*) filter (where seq < $4::text::bigint))::int as ahead,
    (count(*) filter (where seq > $4::text::bigint))::int as behind
  from (select seq from parked_messages where subscriber = $1 and topic = $2 and key = $3 limit ${COUNTED_UP_TO}) k`;

const BEHIND = `${UNNAMED} select p.id, ${TYPE} as type, p.state, p.parked_at as "parkedAt" from parked_messages p
  where p.subscriber = $1 and p.topic = $2 and p.key = $3 and p.seq > $4::text::bigint order by p.seq limit ${SHOWN_BEHIND}`;

export async function listParked(sql: SqlRunner, filter: ParkedFilter & Page): Promise<ParkedMessage[]> {
  const { state, after, limit } = filter;
  const page = [state ?? null, after ?? null, String(limitOf(limit))];
  return sql.query<ParkedMessage>(LIST, [...valuesOf(filter), ...page]);
}

export async function countParked(
  sql: SqlRunner,
  filter: Omit<ParkedFilter, 'state'>,
): Promise<Record<ParkedState, number>> {
  const rows = await sql.query<{ state: ParkedState; count: number }>(COUNT, valuesOf(filter));
  const counts = { dead: 0, retry: 0, waiting: 0 };
  for (const { state, count } of rows) counts[state] = count;
  return counts;
}

/** A message with all there is of it, but for its lane. */
export async function findParked(
  sql: SqlRunner,
  subscriber: string,
  id: string,
): Promise<Omit<ParkedDetail, 'lane'> | null> {
  const [row] = await sql.query<Omit<ParkedDetail, 'lane'>>(ONE, [subscriber, storable(id)]);
  return row ?? null;
}

export async function readParked(
  sql: SqlRunner,
  subscriber: string,
  id: string,
): Promise<ParkedDetail | null> {
  const row = await findParked(sql, subscriber, id);
  return row && { ...row, lane: await laneOf(sql, row) };
}

async function laneOf(
  sql: SqlRunner,
  { subscriber, topic, key, seq }: Pick<ParkedMessage, 'subscriber' | 'topic' | 'key' | 'seq'>,
): Promise<LanePlace | null> {
  if (key === null) return null;
  const [around] = await sql.query<Pick<LanePlace, 'ahead' | 'behind'>>(AROUND, [
    subscriber,
    topic,
    key,
    seq,
  ]);
  const next = await sql.query<LanePlace['next'][number]>(BEHIND, [subscriber, topic, key, seq]);
  return { ahead: around?.ahead ?? 0, behind: around?.behind ?? 0, next };
}

function valuesOf({ subscriber, type, key, olderThanMs }: Omit<ParkedFilter, 'state'>): SqlValue[] {
  return [
    subscriber ?? null,
    type ?? null,
    key ?? null,
    olderThanMs === undefined ? null : String(olderThanMs),
  ];
}
