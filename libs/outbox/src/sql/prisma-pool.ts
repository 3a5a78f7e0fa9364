import { AsyncLocalStorage } from 'node:async_hooks';
import { Pool, type PoolClient, type PoolConfig } from 'pg';
import { ANSWER_MS, STATEMENT_MS } from './answer-time.js';
import { GatheringSocket } from './gathering-socket.js';

/** A connection that died without a word is found out, and no statement runs on where nobody waits for it. */
const ANSWERED = {
  ...{ statement_timeout: STATEMENT_MS, query_timeout: ANSWER_MS },
  ...{ keepAlive: true, keepAliveInitialDelayMillis: 10_000 },
};
const NOTHING = { rows: [], fields: [], rowCount: 0 };
/** What Prisma's adapter says at the ends of a transaction. */
const ENDS = new Set(['BEGIN', 'COMMIT', 'ROLLBACK']);

type Connected = (error: Error | undefined, client: PoolClient | undefined, done: () => void) => void;

/**
 * The connections that a Prisma client and the store side share: a `pg.Pool` for `PrismaPg`, and for `prismaExecutor`. The
 * store side opens a transaction and runs its statements by `pg`; Prisma's interactive transaction joins it, so handlers
 * get Prisma's transaction client. Pipelining and `keepAlive` are on, a statement is ended by the server after 30 s
 * (`statement_timeout`) and given up here after 35 s (`query_timeout`), unless the configuration says otherwise. Give it `connectionTimeoutMillis`.
 */
export class PrismaPool extends Pool {
  readonly #joining = new AsyncLocalStorage<{ connection: JoinedConnection | undefined }>();

  constructor(config: PoolConfig) {
    super({ ...ANSWERED, ...config, pipeline: true, stream: () => new GatheringSocket() });
    // The adapter listens only while a transaction has a connection, not while the pool hands it over: one that ends in
    // that moment would end the process. Whoever uses it next is told by its statement.
    this.on('connect', (connection) => connection.on('error', () => undefined));
    // And one that ends while nobody uses it is the pool's affair, which opens another.
    this.on('error', () => undefined);
  }

  /** The first transaction that Prisma begins in `work` is that of `client`, which begins and ends it. */
  join<T>(client: PoolClient, work: () => PromiseLike<T>): PromiseLike<T> {
    return this.#joining.run({ connection: new JoinedConnection(client) }, work);
  }

  override connect(callback: Connected): void;
  override connect(): Promise<PoolClient>;
  override connect(callback?: Connected): Promise<PoolClient> | undefined {
    if (callback) {
      super.connect(callback);
      return undefined;
    }
    const joining = this.#joining.getStore();
    const joined = joining?.connection;
    if (!joining || !joined) return super.connect();
    joining.connection = undefined;
    return Promise.resolve(joined as unknown as PoolClient);
  }
}

/** A connection whose transaction is somebody else's. */
class JoinedConnection {
  constructor(private readonly client: PoolClient) {}

  query(statement: { readonly text: string }): Promise<unknown> {
    if (ENDS.has(statement.text)) return Promise.resolve(NOTHING);
    return this.client.query(statement);
  }

  on(): void {
    // Whoever holds the connection listens.
  }

  removeListener(): void {
    // As above.
  }

  release(): void {
    // It is not Prisma's to give back.
  }
}
