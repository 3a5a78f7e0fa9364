import { ATTRIBUTE, type Headers } from '@taskwire/messaging';
import { insertOutbox } from './outgoing/store-changes.js';
import type { SqlExecutor } from './sql/executor.js';
import { column } from './sql/lists.js';
import { UNNAMED } from './sql/statement-name.js';

interface DueRow {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly payload: string;
  readonly headers: Headers;
  readonly now: Date;
}

const BATCH = 200;

const DUE = `${UNNAMED} select id, topic, partition, key, payload, headers, clock_timestamp() as now
  from scheduled_messages where due <= clock_timestamp() order by due, id limit ${BATCH} for update skip locked`;

const DELETE = `${UNNAMED} delete from scheduled_messages where id = any($1::text[])`;

/**
 * Moves what is due to the outbox, where it gets its number and its first-send time; one transaction, so each is moved
 * once, whoever else moves at the time. Answers how many.
 */
export async function moveDue(executor: SqlExecutor): Promise<number> {
  return executor.transaction(async (tx) => {
    const rows = await tx.query<DueRow>(DUE);
    if (rows.length === 0) return 0;
    await tx.execute(DELETE, [column(rows, (row) => row.id)]);
    await insertOutbox(
      tx,
      rows.map((row) => ({ ...row, headers: sentNow(row), body: Buffer.from(row.payload) })),
    );
    return rows.length;
  });
}

/** Moves batch after batch until nothing is due. */
export async function moveAllDue(executor: SqlExecutor, moved: () => void): Promise<void> {
  for (let count = BATCH; count === BATCH;) {
    count = await moveDue(executor);
    if (count > 0) moved();
  }
}

function sentNow({ headers, now }: DueRow): Headers {
  return { ...headers, [ATTRIBUTE.time]: now.toISOString(), [ATTRIBUTE.firstsent]: now.toISOString() };
}
