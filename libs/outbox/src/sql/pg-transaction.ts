import { type AnswerLimits, withinAnswerTime } from './answer-time.js';
import { SqlError, type SqlRunner, type SqlValue } from './executor.js';
import { toSqlError } from './sql-error.js';
import { statementName } from './statement-name.js';

export interface PgStatement {
  readonly text: string;
  readonly values?: unknown[];
  readonly name?: string;
  /** Longest wait for the answer; `pg` then counts the connection as lost. */
  readonly query_timeout?: number;
}

interface PgResult {
  readonly command: string;
  readonly rowCount: number | null;
  readonly rows: unknown[];
}

export interface PgQueryable {
  query(statement: PgStatement): Promise<PgResult>;
}

export interface PgClient extends PgQueryable {
  /** It sends a statement before the last one was answered. */
  readonly pipeline: boolean;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  release(error?: Error | boolean): void;
}

/**
 * What is used of a `pg.Pool`. Give it `connectionTimeoutMillis`, so that waiting for a connection ends, and
 * `pipeline: true`, so that what does not depend on each other goes in one round trip.
 */
export interface PgPool extends PgQueryable {
  connect(): Promise<PgClient>;
  on(event: 'connect', listener: (client: PgClient) => void): unknown;
}

/** `SqlExecutor.transaction`. `work` gets the connection, and a way to it that keeps statements in order. */
export async function pgTransaction<T, Client extends PgClient>(
  pool: { connect(): Promise<Client> },
  work: (client: Client, statements: PgQueryable, ran: Promise<void>) => Promise<T>,
  before: ((sql: SqlRunner) => Promise<void>) | undefined,
  { answerMs, promptMs }: AnswerLimits,
): Promise<T> {
  const client = await reported(pool.connect());
  let broken: Error | undefined;
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  const statements = inOrder(client);
  try {
    const ran = before?.(runner(statements, promptMs)) ?? Promise.resolve();
    // Goes with the first statement: what comes behind a BEGIN that fails fails too.
    const begin = { text: 'begin isolation level read committed', query_timeout: promptMs };
    const begun = reported(statements.query(begin));
    const ready = Promise.all([ran, begun]);
    ready.catch(() => undefined);
    const result = await work(client, statements, ran);
    await ready;
    const { command } = await reported(statements.query({ text: 'commit', query_timeout: answerMs }));
    if (command !== 'COMMIT')
      throw new SqlError('25P02', 'a statement failed and its error was swallowed: nothing was committed');
    return result;
  } catch (error) {
    // Behind statements that a dead connection never answers it would not even be sent, unless they are pipelined.
    const rollback = { text: 'rollback', query_timeout: promptMs };
    await withinAnswerTime(promptMs, statements.query(rollback)).catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

/** One statement after the other, where the client does not see to that itself. */
function inOrder(client: PgClient): PgQueryable {
  if (client.pipeline) return client;
  let last: Promise<unknown> = Promise.resolve();
  let dead: SqlError | undefined;
  return {
    query: (statement) => {
      const result = last.then(() => {
        if (dead) throw dead;
        return client.query(statement);
      });
      // Else each statement behind would wait for its own limit.
      last = result.catch((error: unknown) => {
        const fault = toSqlError(error);
        if (fault?.sqlState.startsWith('08')) dead ??= fault;
      });
      return result;
    },
  };
}

export function runner(client: PgQueryable, answerMs: number): SqlRunner {
  const run = (text: string, values: readonly SqlValue[] = []): Promise<PgResult> => {
    const name = statementName(text);
    const statement = { text, values: [...values], query_timeout: answerMs };
    return reported(client.query(name === '' ? statement : { ...statement, name }));
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
