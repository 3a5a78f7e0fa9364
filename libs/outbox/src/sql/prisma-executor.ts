import type { Transaction } from '@taskwire/messaging';
import type { SqlExecutor, SqlRunner, SqlTransaction, SqlValue } from './executor.js';
import { watchWrites } from './prisma-writes.js';
import { toSqlError } from './sql-error.js';

/** What is used of Prisma's transaction client. */
export interface PrismaQueries {
  $queryRawUnsafe<T = unknown>(query: string, ...values: unknown[]): PromiseLike<T>;
  $executeRawUnsafe(query: string, ...values: unknown[]): PromiseLike<number>;
}

/** What is used of a generated `PrismaClient`. */
export interface PrismaRoot extends PrismaQueries {
  $transaction<T>(
    work: (tx: PrismaQueries) => Promise<T>,
    options: { maxWait: number; timeout: number },
  ): PromiseLike<T>;
}

export interface PrismaExecutorOptions {
  /** Longest wait for a connection. Default 5,000. */
  readonly maxWaitMs?: number;
  /** Longest transaction; longer than the store's `handlerMs`. Default 30,000. */
  readonly timeoutMs?: number;
}

/**
 * Runs the store side over a Prisma client with a driver adapter for PostgreSQL. Handlers get Prisma's transaction client
 * from `unwrap<Prisma.TransactionClient>(tx)`.
 */
export function prismaExecutor(
  prisma: PrismaRoot,
  { maxWaitMs = 5_000, timeoutMs = 30_000 }: PrismaExecutorOptions = {},
): SqlExecutor {
  // No isolation level: naming it costs a statement in each transaction. The boot check demands the right default.
  const options = { maxWait: maxWaitMs, timeout: timeoutMs };
  return {
    ...runner(prisma),
    transaction: async <T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T> => {
      let failed: { error: unknown } | undefined;
      const inside = async (client: PrismaQueries): Promise<T> => {
        try {
          return await within(client, work);
        } catch (error) {
          failed = { error };
          throw error;
        }
      };
      try {
        return await prisma.$transaction(inside, options);
      } catch (error) {
        if (failed?.error === error) throw error;
        throw toSqlError(error) ?? error;
      }
    },
  };
}

async function within<T>(
  client: PrismaQueries & object,
  work: (tx: SqlTransaction) => Promise<T>,
): Promise<T> {
  const watched = watchWrites(client);
  let checkedWrites = 0;
  const checked = async <T>(statement: Promise<T>): Promise<T> => {
    const result = await statement;
    checkedWrites = watched.writes();
    return result;
  };
  const { query, execute } = runner(client);
  const result = await work({
    query: <Row extends object>(...args: Parameters<typeof query>) => checked(query<Row>(...args)),
    execute: (...args) => checked(execute(...args)),
    handle: watched.client as unknown as Transaction,
    get writes() {
      return watched.writes();
    },
  });
  // Prisma's commit says nothing when a statement failed and the handler swallowed it: PostgreSQL then rolls back.
  if (watched.writes() > checkedWrites) await reported(client.$executeRawUnsafe('select 1'));
  return result;
}

function runner(client: PrismaQueries): SqlRunner {
  return {
    query: async <Row extends object>(text: string, values: readonly SqlValue[] = []) => {
      const rows = await reported(client.$queryRawUnsafe<Row[]>(text, ...values));
      for (const row of rows) normalise(row as Record<string, unknown>);
      return rows;
    },
    execute: (text, values = []) => reported(client.$executeRawUnsafe(text, ...values)),
  };
}

function normalise(row: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === 'bigint') row[name] = value.toString();
    else if (value instanceof Uint8Array && !Buffer.isBuffer(value)) row[name] = Buffer.from(value);
  }
}

async function reported<T>(work: PromiseLike<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toSqlError(error) ?? error;
  }
}
