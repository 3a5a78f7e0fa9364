import { Revocations as RevocationsBody } from '@taskwire/contracts';
import type { Logger } from '@taskwire/telemetry';
import type { ServiceClients } from '../clients/service-clients.js';

const EVERY_MS = 2_000;
const READ_LIMIT_MS = 5_000;
/** An access token lives ten minutes; a revocation older than that has nothing left to revoke. */
const KEEP_MS = 11 * 60_000;

/** The sessions that ended lately, read from auth every two seconds; a broadcast shortens the wait. */
export class Revocations {
  readonly #ended = new Map<string, number>();
  #after = 0;
  #complete = false;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;
  #stopped = false;

  constructor(
    private readonly services: ServiceClients,
    private readonly log: Logger,
  ) {}

  /** The first read was done: nobody gets in with a session that ended before. */
  get complete(): boolean {
    return this.#complete;
  }

  has(sessionId: string): boolean {
    return this.#ended.has(sessionId);
  }

  add(sessionId: string): void {
    this.#ended.set(sessionId, Date.now());
  }

  start(): void {
    this.#schedule(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#reading;
  }

  #schedule(delay: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#reading = this.#read().finally(() => {
        this.#schedule(this.#complete ? EVERY_MS : EVERY_MS / 10);
      });
    }, delay);
  }

  async #read(): Promise<void> {
    try {
      const { body, status } = await this.services.get('auth').request({
        method: 'GET',
        path: '/internal/revocations',
        query: { after: String(this.#after) },
        internal: true,
        deadlineMs: READ_LIMIT_MS,
      });
      if (status !== 200) throw new Error(`auth answered ${status}`);
      const { position, sessions } = RevocationsBody.parse(body);
      for (const { sessionId, endedAt } of sessions) this.#ended.set(sessionId, Date.parse(endedAt));
      this.#after = position;
      this.#complete = true;
      this.#forget();
    } catch (error) {
      this.log.debug({ err: error }, 'revocations could not be read');
    }
  }

  #forget(): void {
    const limit = Date.now() - KEEP_MS;
    for (const [sessionId, endedAt] of this.#ended) if (endedAt < limit) this.#ended.delete(sessionId);
  }
}
