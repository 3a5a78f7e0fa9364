import type { Transaction } from '@taskwire/messaging';
import { answerLimits, type AnswerOptions } from './answer-time.js';
import type { SqlExecutor, SqlTransaction } from './executor.js';
import { isWrite } from './is-write.js';
import { type PgPool, type PgQueryable, pgTransaction, runner } from './pg-transaction.js';

/** What handlers get from `unwrap<PgHandle>(tx)`. */
export interface PgHandle {
  query<Row extends object>(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ rows: Row[]; rowCount: number }>;
}

/** Runs the store side over a `pg.Pool`. */
export function pgExecutor(pool: PgPool, options: AnswerOptions = {}): SqlExecutor {
  const limits = answerLimits(options);
  const { answerMs } = limits;
  // A connection may end in the moment between the pool's hold on it and the transaction's: without a listener of its own
  // that would end the process. Whoever uses it next is told by its query.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return {
    ...runner(pool, answerMs),
    transaction: (work, before) =>
      pgTransaction(
        pool,
        (_client, statements, ran) => withHandle(statements, answerMs, (tx) => work(tx, ran)),
        before,
        limits,
      ),
  };
}

async function withHandle<T>(
  statements: PgQueryable,
  answerMs: number,
  work: (tx: SqlTransaction) => Promise<T>,
): Promise<T> {
  const handle = new WatchedClient(statements, answerMs);
  try {
    return await work({
      ...runner(statements, answerMs),
      handle: handle as unknown as Transaction,
      get writes() {
        return handle.writes;
      },
    });
  } finally {
    handle.close();
  }
}

class WatchedClient implements PgHandle {
  writes = 0;
  #open = true;

  constructor(
    private readonly client: PgQueryable,
    private readonly answerMs: number,
  ) {}

  async query<Row extends object>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<{ rows: Row[]; rowCount: number }> {
    if (!this.#open)
      throw new Error('the transaction of this handler is over: await all queries before it returns');
    if (isWrite(text)) this.writes += 1;
    const { rows, rowCount } = await this.client.query({
      ...{ text, values: [...values] },
      query_timeout: this.answerMs,
    });
    return { rows: rows as Row[], rowCount: rowCount ?? 0 };
  }

  close(): void {
    this.#open = false;
  }
}
