import type { Ending, Problem, ReceivedMessage } from '@taskwire/messaging';
import type { SqlTransaction } from '../sql/executor.js';
import { column, json } from '../sql/lists.js';

export interface NewEnding {
  readonly message: Pick<ReceivedMessage, 'id' | 'requestHash' | 'firstSentAt'>;
  readonly ending: Ending;
  readonly reply: unknown;
  readonly problem: Problem | null;
}

/** Somebody else (`expired`, `cancelled`) ended a message of the batch meanwhile: to be rolled back and run again without it. */
export class EndedMeanwhile extends Error {
  override readonly name = 'EndedMeanwhile';
}

const END = `insert into inbox (subscriber, id, request_hash, ending, reply, problem, first_sent_at)
  select $1, m.id, m.hash, m.ending, m.reply, m.problem, m.sent
  from unnest($2::text[], $3::text[], $4::text[], $5::text[]::json[], $6::text[]::json[], $7::text[]::timestamptz[])
    m(id, hash, ending, reply, problem, sent)
  order by m.id on conflict (subscriber, id) do nothing`;

/** Stores the endings of a batch, all or none of them: rejects with EndedMeanwhile when one exists. */
export async function storeEndings(
  tx: SqlTransaction,
  subscriber: string,
  endings: readonly NewEnding[],
): Promise<void> {
  if (endings.length === 0) return;
  const stored = await tx.execute(END, [
    subscriber,
    column(endings, (e) => e.message.id),
    column(endings, (e) => e.message.requestHash),
    column(endings, (e) => e.ending),
    column(endings, (e) => (e.reply === null || e.reply === undefined ? null : json(e.reply))),
    column(endings, (e) => (e.problem === null ? null : json(e.problem))),
    column(endings, (e) => e.message.firstSentAt),
  ]);
  if (stored < endings.length)
    throw new EndedMeanwhile('a message of the batch was ended by another transaction');
}
