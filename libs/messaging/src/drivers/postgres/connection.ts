import pg from 'pg';
import { isRolledBack } from './sql-state.js';

export const CONNECT_TIMEOUT_MS = 3_000;
const LOCK_TIMEOUT_MS = 3_000;
const STATEMENT_TIMEOUT_MS = 9_000;
const ANSWER_TIMEOUT_MS = 10_000;

// Plans are kept: one from when a table was empty would read it whole when it has millions of rows.
const BY_INDEX = 'set enable_seqscan = off';

/** int8 as number (positions stay far below 2^53); the rest as `pg` reads it. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: string) =>
    // oxlint-disable-next-line typescript/no-unsafe-return -- pg types its parsers as any
    oid === 20 ? Number : pg.types.getTypeParser(oid, format as 'text'),
};

export interface LinkEvents {
  /** After each (re)connect, before anyone else gets the connection. */
  up?(client: pg.Client): Promise<void>;
  /** The connection is gone; the next use opens another. */
  lost?(): void;
}

/** One connection that the next use opens again when it was lost. Every wait on it ends. */
export class Link {
  #client: pg.Client | undefined;
  #opening: Promise<pg.Client> | undefined;
  #closed = false;

  constructor(
    private readonly url: string,
    private readonly name: string,
    private readonly events: LinkEvents = {},
  ) {}

  get isUp(): boolean {
    return this.#client !== undefined;
  }

  /** The open connection. Rejects when none can be opened: then certainly nothing was sent. */
  async client(): Promise<pg.Client> {
    if (this.#closed) throw new Error('postgres bus: the driver is closed');
    if (this.#client) return this.#client;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** Runs a named statement. */
  async query<Row extends pg.QueryResultRow>(
    name: string,
    text: string,
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    const client = await this.client();
    try {
      const result = await client.query<Row>({ name, text, values: [...values] });
      return result.rows;
    } catch (error) {
      // The socket's own end may come later: nothing more must be written to it meanwhile.
      if (!isRolledBack(error)) this.#drop(client);
      throw error;
    }
  }

  /** Says goodbye to the server, which ends what still runs. */
  async close(): Promise<void> {
    this.#closed = true;
    const client = this.#client ?? (await this.#opening?.catch(() => undefined));
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  /** Cuts the connection without a word, as a dying process does. */
  abort(): void {
    this.#closed = true;
    cut(this.#client);
    this.#client = undefined;
  }

  async #open(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.url,
      application_name: this.name,
      keepAlive: true,
      pipeline: true,
      types,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      lock_timeout: LOCK_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
    });
    const lost = (): void => {
      this.#drop(client);
    };
    client.on('error', lost);
    client.on('end', lost);
    try {
      await client.connect();
      await client.query(BY_INDEX);
      await this.events.up?.(client);
    } catch (error) {
      cut(client);
      throw error;
    }
    if (this.#closed) {
      cut(client);
      throw new Error('postgres bus: the driver is closed');
    }
    this.#client = client;
    return client;
  }

  #drop(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    cut(client);
    this.events.lost?.();
  }
}

function cut(client: pg.Client | undefined): void {
  const inner = client as unknown as { connection?: { stream?: { destroy(): void } } } | undefined;
  inner?.connection?.stream?.destroy();
}
