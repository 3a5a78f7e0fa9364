import type { SqlExecutor } from './sql/executor.js';
import { UNNAMED } from './sql/statement-name.js';

/** Whose traces are to go from stored messages. */
export interface Erasure {
  /** An id by which keys, payloads, headers and replies name it; one that nothing else holds, such as a UUID. */
  readonly subject: string;
  /** Ids of messages that stay: what is being handled, what is still to be sent. */
  readonly except?: readonly string[];
}

// A key's messages go together, so that none waits behind one that is gone; those without a key hold up nothing.
const PARKED = `${UNNAMED} delete from parked_messages where id <> all($2::text[]) and (key = $1
  or (key is null and (position(convert_to($1, 'UTF8') in body) > 0 or position($1 in headers::text) > 0)))`;
const SCHEDULED = `${UNNAMED} delete from scheduled_messages
  where id <> all($2::text[]) and (key = $1 or position($1 in payload) > 0)`;
const HELD = `${UNNAMED} delete from outbox_held
  where id <> all($2::text[]) and (aggregateid = $1 or position($1 in payload) > 0)`;
const ORIGINALS = `${UNNAMED} update operator_actions set headers = null, body = null
  where position(convert_to($1, 'UTF8') in body) > 0 or position($1 in headers::text) > 0`;
// How it ended stays, so that no copy runs again.
const REPLIES = `${UNNAMED} update inbox set reply = null where position($1 in reply::text) > 0`;

/** Messages that are being handled meanwhile may store more: it has to be called once more when they have ended. */
export async function erase(executor: SqlExecutor, { subject, except = [] }: Erasure): Promise<void> {
  await executor.transaction(async (tx) => {
    for (const statement of [PARKED, SCHEDULED, HELD]) await tx.execute(statement, [subject, except]);
    await tx.execute(ORIGINALS, [subject]);
    await tx.execute(REPLIES, [subject]);
  });
}
