import type { Headers } from '@taskwire/messaging';
import type { SqlRunner, SqlTransaction } from '../sql/executor.js';
import { storable } from '../sql/lists.js';
import { UNNAMED } from '../sql/statement-name.js';
import { limitOf, TYPE } from './columns.js';
import type { Act, ActionFilter, OperatorAction } from './dead-letters.js';

// The hash is of what is there now: written before the change. A replay changes nothing, so it keeps no copy.
const RECORD = `${UNNAMED}
  insert into operator_actions (action, subscriber, message_id, type, actor, reason, hash_before, hash_after, headers, body, trace_id)
  select $1::text, p.subscriber, p.id, ${TYPE}, $3, $4, encode(sha256(p.body), 'hex'),
    case when $1::text = 'replay' then encode(sha256(p.body), 'hex') else $5::text end,
    case when $1::text <> 'replay' then p.headers end, case when $1::text <> 'replay' then p.body end, $6
  from parked_messages p where p.seq = any($2::text[]::bigint[]) order by p.seq`;

const LIST = `${UNNAMED} select seq::text as seq, action, subscriber, message_id as "messageId", type, actor, reason,
    hash_before as "hashBefore", hash_after as "hashAfter", trace_id as "traceId", at,
    case when $7 then headers end as headers, case when $7 then body end as body
  from operator_actions
  where ($1::text is null or subscriber = $1) and ($2::text is null or message_id = $2) and ($3::text is null or action = $3)
    and ($4::text is null or actor = $4) and ($5::text is null or seq < $5::text::bigint)
  order by seq desc limit $6::text::int`;

/** Writes down what is about to be done to parked messages, in the transaction that does it. */
export async function record(
  tx: SqlTransaction,
  action: OperatorAction['action'],
  seqs: readonly string[],
  { actor, reason, traceId }: Act,
  hashAfter: string | null = null,
): Promise<void> {
  const why = reason === undefined ? null : storable(reason);
  await tx.execute(RECORD, [action, seqs, storable(actor), why, hashAfter, traceId ?? null]);
}

interface StoredAction extends Omit<OperatorAction, 'original'> {
  readonly headers: Headers | null;
  readonly body: Buffer | null;
}

export async function listActions(sql: SqlRunner, filter: ActionFilter): Promise<OperatorAction[]> {
  const { subscriber, messageId, action, actor, before, limit, originals = false } = filter;
  const rows = await sql.query<StoredAction>(LIST, [
    subscriber ?? null,
    messageId === undefined ? null : storable(messageId),
    action ?? null,
    actor ?? null,
    before ?? null,
    String(limitOf(limit)),
    originals,
  ]);
  return rows.map(({ headers, body, ...row }) => ({
    ...row,
    original: headers && body && { headers, body },
  }));
}
