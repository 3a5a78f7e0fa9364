import type { Transaction } from '@taskwire/messaging';

/** Values that both executors pass on: lists go as text and are cast in the statement (`$1::text[]::bigint[]`). */
export type SqlValue = string | number | boolean | Buffer | null | readonly (string | null)[];

/** Runs statements, in the order of the calls; one need not wait for the answer of the last. int8 comes back as a string, bytea as a Buffer, timestamptz as a Date, json parsed. */
export interface SqlRunner {
  query<Row extends object>(text: string, values?: readonly SqlValue[]): Promise<Row[]>;
  /** Answers how many rows were changed. */
  execute(text: string, values?: readonly SqlValue[]): Promise<number>;
}

/** An open READ COMMITTED transaction. */
export interface SqlTransaction extends SqlRunner {
  /** What handlers get; `unwrap` makes it the database client that the executor was made from. */
  readonly handle: Transaction;
  /** How many writing statements went through `handle` so far. */
  readonly writes: number;
}

/**
 * All that the store side needs from a database client. Every wait inside ends, and every fault of the database reaches
 * the caller as an SqlError.
 */
export interface SqlExecutor extends SqlRunner {
  /**
   * Commits when `work` resolves, rolls back when it rejects. A handle that outlives its transaction refuses to run.
   * `before` runs on the same connection, outside of the transaction and in the same round trip as its first statements:
   * `work` is called at once, and awaits `ran` before it does what depends on it.
   */
  transaction<T>(
    work: (tx: SqlTransaction, ran: Promise<void>) => Promise<T>,
    before?: (sql: SqlRunner) => Promise<void>,
  ): Promise<T>;
}

/** A fault that the database or the way to it reported. `sqlState`: PostgreSQL's code, or the nearest one. */
export class SqlError extends Error {
  override readonly name = 'SqlError';
  constructor(
    readonly sqlState: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The database client behind a handler's transaction: Prisma's transaction client, or `PgHandle`. For a service's store file only. */
export function unwrap<Client>(tx: Transaction): Client {
  return tx as unknown as Client;
}
