import type { Transaction } from '@taskwire/messaging';
import type { PoolClient } from 'pg';
import { answerLimits, type AnswerOptions } from './answer-time.js';
import type { SqlExecutor, SqlTransaction } from './executor.js';
import { type PgQueryable, pgTransaction, runner } from './pg-transaction.js';
import type { PrismaPool } from './prisma-pool.js';
import { watchWrites } from './prisma-writes.js';
import { toSqlError } from './sql-error.js';

/** What is used of a generated `PrismaClient`. */
export interface PrismaRoot {
  $transaction<T>(
    work: (tx: object) => Promise<T>,
    options: { maxWait: number; timeout: number },
  ): PromiseLike<T>;
}

export interface PrismaExecutorOptions extends AnswerOptions {
  /** Longest transaction; longer than the store's `handlerMs`. Default 30,000. */
  readonly timeoutMs?: number;
}

/** Prisma waits for nothing when it joins a transaction. */
const JOIN_MS = 5_000;

/**
 * Runs the store side beside a Prisma client, over the pool that its adapter has. Handlers get Prisma's transaction client
 * from `unwrap<Prisma.TransactionClient>(tx)`; the store's own statements don't pass through Prisma.
 *
 * ```ts
 * const pool = new PrismaPool({ connectionString: url, connectionTimeoutMillis: 5_000 });
 * const prisma = new PrismaClient({ adapter: new PrismaPg(pool, { disposeExternalPool: true }) });
 * const executor = prismaExecutor(prisma, pool);
 * ```
 */
export function prismaExecutor(
  prisma: PrismaRoot,
  pool: PrismaPool,
  { timeoutMs = 30_000, ...answers }: PrismaExecutorOptions = {},
): SqlExecutor {
  const limits = answerLimits(answers);
  const { answerMs } = limits;
  const options = { maxWait: JOIN_MS, timeout: timeoutMs };
  return {
    ...runner(pool, answerMs),
    transaction: (work, before) => {
      const joined = async (client: PoolClient, _statements: PgQueryable, ran: Promise<void>) => {
        let failed: { error: unknown } | undefined;
        const inside = async (tx: object) => {
          try {
            return await work(transactionOf(client, tx, answerMs), ran);
          } catch (error) {
            failed = { error };
            throw error;
          }
        };
        try {
          return await pool.join(client, () => prisma.$transaction(inside, options));
        } catch (error) {
          if (failed?.error === error) throw error;
          throw toSqlError(error) ?? error;
        }
      };
      return pgTransaction(pool, joined, before, limits);
    },
  };
}

function transactionOf(client: PgQueryable, tx: object, answerMs: number): SqlTransaction {
  const watched = watchWrites(tx);
  return {
    ...runner(client, answerMs),
    handle: watched.client as unknown as Transaction,
    get writes() {
      return watched.writes();
    },
  };
}
