import { ATTRIBUTE, type OutgoingMessage } from '@taskwire/messaging';
import type { SqlTransaction } from '../sql/executor.js';
import { column, json } from '../sql/lists.js';
import { lockNumbers, outgoingLock, whileLocking } from '../sql/locks.js';
import { UNNAMED } from '../sql/statement-name.js';
import type { OutgoingChange } from './buffer.js';

// Locks and inserts in one statement: it reads no table, so it does not matter that its snapshot is from before the wait,
// and a number is drawn when its row is inserted, after all locks were taken.
const INSERT = `with locked as materialized (
    select count(pg_advisory_xact_lock(n)) from unnest($8::text[]::bigint[]) n
  )
  insert into outbox (id, aggregatetype, aggregateid, type, partition, payload, headers)
  select e.id, e.topic, e.key, e.type, e.partition, e.payload, e.headers
  from locked, unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]::int[], $6::text[], $7::text[]::json[])
    with ordinality e(id, topic, key, type, partition, payload, headers, n)
  order by e.n`;

const SCHEDULE = `insert into scheduled_messages (id, due, topic, partition, key, type, payload, headers)
  select s.id, s.due, s.topic, s.partition, s.key, s.type, s.payload, s.headers
  from unnest($1::text[], $2::text[]::timestamptz[], $3::text[], $4::text[]::int[], $5::text[], $6::text[], $7::text[], $8::text[]::json[])
    s(id, due, topic, partition, key, type, payload, headers)
  order by s.id
  on conflict (id) do update set due = excluded.due, topic = excluded.topic, partition = excluded.partition, key = excluded.key,
    type = excluded.type, payload = excluded.payload, headers = excluded.headers`;

const CANCEL = `${UNNAMED} delete from scheduled_messages where id = any($1::text[])`;

/** Stores what was buffered, as the last thing of a transaction. Answers whether the relay has something to send. */
export async function storeChanges(tx: SqlTransaction, changes: readonly OutgoingChange[]): Promise<boolean> {
  await storeSchedule(tx, changes);
  const messages = changes.flatMap((change) => (change.kind === 'publish' ? [change.message] : []));
  await insertOutbox(tx, messages);
  return messages.length > 0;
}

/** Takes the last locks of the transaction, so that numbers follow commit order in each partition, then the numbers. */
export async function insertOutbox(tx: SqlTransaction, messages: readonly OutgoingMessage[]): Promise<void> {
  if (messages.length === 0) return;
  const locks = messages.map((m) => outgoingLock(m.topic, m.partition));
  await whileLocking('outgoing', () =>
    tx.execute(INSERT, [
      column(messages, (m) => m.headers[ATTRIBUTE.id] ?? null),
      column(messages, (m) => m.topic),
      column(messages, (m) => m.key),
      column(messages, (m) => m.headers[ATTRIBUTE.type] ?? null),
      column(messages, (m) => m.partition),
      column(messages, (m) => m.body.toString('utf8')),
      column(messages, (m) => json(m.headers)),
      lockNumbers('outgoing', locks),
    ]),
  );
}

/** The last change of each schedule counts. */
async function storeSchedule(tx: SqlTransaction, changes: readonly OutgoingChange[]): Promise<void> {
  const last = new Map<string, OutgoingChange>();
  for (const change of changes) if (change.kind !== 'publish') last.set(change.id, change);
  const cancelled = [...last].filter(([, change]) => change.kind === 'cancel').map(([id]) => id);
  const moved = [...last.values()].filter((change) => change.kind === 'schedule');
  if (cancelled.length > 0) await tx.execute(CANCEL, [column(cancelled.sort(), (id) => id)]);
  if (moved.length === 0) return;
  await tx.execute(SCHEDULE, [
    column(moved, (s) => s.id),
    column(moved, (s) => s.at),
    column(moved, (s) => s.message.topic),
    column(moved, (s) => s.message.partition),
    column(moved, (s) => s.message.key),
    column(moved, (s) => s.message.headers[ATTRIBUTE.type] ?? null),
    column(moved, (s) => s.message.body.toString('utf8')),
    column(moved, (s) => json(s.message.headers)),
  ]);
}
