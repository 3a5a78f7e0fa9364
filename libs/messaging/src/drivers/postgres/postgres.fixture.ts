import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { createTestDatabase } from '@taskwire/testing';
import { Client, type QueryResultRow } from 'pg';
import type { OutgoingMessage } from '../../driver.js';
import { PostgresDriver } from './postgres-driver.js';
import type { PostgresDriverOptions } from './settings.js';

const PATIENCE_MS = 10_000;

/** A bus database of one spec file, a client that looks into it, and drivers that are closed after each test. */
export class BusDatabase {
  url = '';
  readonly warnings: string[] = [];
  #drop: () => Promise<void> = () => Promise.resolve();
  #client: Client | undefined;
  readonly #drivers: PostgresDriver[] = [];

  constructor() {
    beforeAll(async () => {
      const { url, drop } = await createTestDatabase();
      this.url = url;
      this.#drop = drop;
      this.#client = await this.session();
    });
    afterEach(async () => {
      await Promise.all(this.#drivers.splice(0).map((driver) => driver.close(3_000)));
      this.warnings.length = 0;
    });
    afterAll(async () => {
      await this.#client?.end();
      await this.#drop();
    });
  }

  driver(options: Partial<PostgresDriverOptions> = {}): PostgresDriver {
    const onWarning = (text: string): void => {
      this.warnings.push(text);
    };
    const driver = new PostgresDriver({ url: this.url, ttlMs: 1_500, beatMs: 200, onWarning, ...options });
    this.#drivers.push(driver);
    return driver;
  }

  /** A connected driver with one topic of `partitions` partitions, and groups on it. */
  async start(
    topic: string,
    groups: readonly string[] = [],
    options: Partial<PostgresDriverOptions> & { partitions?: number; retentionMs?: number } = {},
  ): Promise<PostgresDriver> {
    const { partitions = 1, retentionMs = 3_600_000, ...settings } = options;
    const driver = this.driver(settings);
    await driver.connect();
    await driver.declare({
      topics: [{ name: topic, partitions, retentionMs }],
      groups: groups.map((name) => ({ name, topics: [topic], from: 'now' as const })),
    });
    return driver;
  }

  /** A connection of its own, to hold locks with. */
  async session(database?: string): Promise<Client> {
    const url = new URL(this.url);
    if (database !== undefined) url.pathname = `/${database}`;
    const client = new Client({ connectionString: url.href, connectionTimeoutMillis: PATIENCE_MS });
    await client.connect();
    return client;
  }

  async rows<Row extends QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    if (!this.#client) throw new Error('no database yet');
    return (await this.#client.query<Row>(text, values)).rows;
  }
}

export const message = (topic: string, text: string | Buffer, partition = 0): OutgoingMessage => ({
  topic,
  partition,
  key: 'k',
  headers: {},
  body: Buffer.from(text),
});

export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${String(PATIENCE_MS)} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
