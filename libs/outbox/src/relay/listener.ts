import { Client } from 'pg';
import { type OutboxLog, reasonOf } from '../log.js';
import { CHANNEL, type Notice } from './notifier.js';

const FIRST_MS = 100;
const MOST_MS = 5_000;
const CONNECT_MS = 5_000;

/** One connection that hears of other instances' commits. Comes back by itself; meanwhile the relay polls. */
export class Listener {
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #stopped = false;

  constructor(
    private readonly url: string,
    private readonly heard: (notice: Notice) => void,
    private readonly log: OutboxLog,
  ) {}

  /** Resolves after the first attempt to connect. */
  async start(): Promise<void> {
    const client = new Client({
      connectionString: this.url,
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
      application_name: 'taskwire-outbox-listener',
    });
    client.on('notification', ({ payload }) => {
      this.heard(payload === 'lease' ? 'lease' : 'rows');
    });
    client.on('error', (error) => {
      this.#lost(client, error);
    });
    client.on('end', () => {
      this.#lost(client, new Error('the connection ended'));
    });
    this.#client = client;
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      this.#failures = 0;
      this.heard('rows');
    } catch (error) {
      this.#lost(client, error);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  #lost(client: Client, error: unknown): void {
    if (this.#stopped || this.#client !== client) return;
    this.#client = undefined;
    void client.end().catch(() => undefined);
    if (this.#failures === 0)
      this.log.warn('the outbox no longer hears of other instances; it polls', reasonOf(error));
    const pause = Math.min(MOST_MS, FIRST_MS * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 10);
    this.#timer = setTimeout(() => {
      void this.start();
    }, pause);
  }
}
