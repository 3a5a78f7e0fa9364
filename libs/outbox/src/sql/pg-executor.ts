import type { Transaction } from '@taskwire/messaging';
import type { SqlExecutor, SqlRunner, SqlTransaction, SqlValue } from './executor.js';
import { SqlError } from './executor.js';
import { isWrite } from './is-write.js';
import { toSqlError } from './sql-error.js';
import { statementName } from './statement-name.js';

interface PgResult {
  readonly command: string;
  readonly rowCount: number | null;
  readonly rows: unknown[];
}

interface PgQueryable {
  query(config: { text: string; values?: unknown[]; name?: string }): Promise<PgResult>;
}

interface PgClient extends PgQueryable {
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  release(error?: Error | boolean): void;
}

/** What is used of a `pg.Pool`. Give it `connectionTimeoutMillis`, so that waiting for a connection ends. */
export interface PgPool extends PgQueryable {
  connect(): Promise<PgClient>;
  on(event: 'connect', listener: (client: PgClient) => void): unknown;
}

/** What handlers get from `unwrap<PgHandle>(tx)`. */
export interface PgHandle {
  query<Row extends object>(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ rows: Row[]; rowCount: number }>;
}

/** Runs the store side over a `pg.Pool`. */
export function pgExecutor(pool: PgPool): SqlExecutor {
  // A connection may end in the moment between the pool's hold on it and the transaction's: without a listener of its own
  // that would end the process. Whoever uses it next is told by its query.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return { ...runner(pool), transaction: (work) => transaction(pool, work) };
}

async function transaction<T>(pool: PgPool, work: (tx: SqlTransaction) => Promise<T>): Promise<T> {
  const client = await reported(pool.connect());
  let broken: Error | undefined;
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  const handle = new WatchedClient(client);
  try {
    await reported(client.query({ text: 'begin isolation level read committed' }));
    const result = await work({
      ...runner(client),
      handle: handle as unknown as Transaction,
      get writes() {
        return handle.writes;
      },
    });
    handle.close();
    const { command } = await reported(client.query({ text: 'commit' }));
    if (command !== 'COMMIT')
      throw new SqlError('25P02', 'a statement failed and its error was swallowed: nothing was committed');
    return result;
  } catch (error) {
    handle.close();
    await client.query({ text: 'rollback' }).catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

class WatchedClient implements PgHandle {
  writes = 0;
  #open = true;

  constructor(private readonly client: PgQueryable) {}

  async query<Row extends object>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<{ rows: Row[]; rowCount: number }> {
    if (!this.#open)
      throw new Error('the transaction of this handler is over: await all queries before it returns');
    if (isWrite(text)) this.writes += 1;
    const { rows, rowCount } = await this.client.query({ text, values: [...values] });
    return { rows: rows as Row[], rowCount: rowCount ?? 0 };
  }

  close(): void {
    this.#open = false;
  }
}

function runner(client: PgQueryable): SqlRunner {
  const run = (text: string, values: readonly SqlValue[] = []): Promise<PgResult> => {
    const name = statementName(text);
    return reported(client.query({ text, values: [...values], ...(name !== '' && { name }) }));
  };
  return {
    query: async <Row extends object>(text: string, values?: readonly SqlValue[]) =>
      (await run(text, values)).rows as Row[],
    execute: async (text, values) => (await run(text, values)).rowCount ?? 0,
  };
}

async function reported<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toSqlError(error) ?? error;
  }
}
