import { setTimeout as delay } from 'node:timers/promises';
import { ACCESS_TOKEN_SECONDS, Revocations as RevocationsBody } from '@taskwire/contracts';
import type { Logger } from '@taskwire/telemetry';
import type { ServiceClients } from '../clients/service-clients.js';
import { ProblemError } from '../http/problem-error.js';

const EVERY_MS = 2_000;
/** Until the first read is done, nobody gets in; auth may be starting too. */
const FIRST_EVERY_MS = 200;
/** How long a request waits for it. */
const FIRST_WAIT_MS = 2_000;
const READ_LIMIT_MS = 5_000;
/** A revocation that is older than any access token has nothing left to revoke. */
const KEEP_MS = (ACCESS_TOKEN_SECONDS + 60) * 1_000;

/** The sessions that ended lately, read from auth every two seconds; a broadcast shortens the wait. */
export class Revocations {
  readonly #ended = new Map<string, number>();
  #after = 0;
  #complete = false;
  readonly #completed = Promise.withResolvers<void>();
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;
  #stopped = false;

  constructor(
    private readonly services: Pick<ServiceClients, 'get'>,
    private readonly log: Logger,
    private readonly everyMs = EVERY_MS,
  ) {}

  /** The first read was done: nobody gets in with a session that ended before. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Waits until it is complete, for two seconds at most; then throws `service_unavailable`. */
  async known(): Promise<void> {
    const waited = new AbortController();
    const late = delay(FIRST_WAIT_MS, true, { signal: waited.signal, ref: false }).catch(() => true);
    const isLate = await Promise.race([this.#completed.promise, late]);
    waited.abort();
    if (isLate !== true) return;
    throw new ProblemError('service_unavailable', 'the sessions that ended are not known yet', {
      headers: { 'retry-after': '1' },
    });
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
      this.#reading = this.#readAll().finally(() => {
        this.#schedule(this.#complete ? this.everyMs : Math.min(this.everyMs, FIRST_EVERY_MS));
      });
    }, delay);
  }

  /** Auth answers in pages: complete only after the last one. */
  async #readAll(): Promise<void> {
    try {
      while (!this.#stopped && (await this.#readPage()) > 0);
      if (!this.#stopped) this.#complete = true;
      if (this.#complete) this.#completed.resolve();
      this.#forget();
    } catch (error) {
      this.log.debug({ err: error }, 'revocations could not be read');
    }
  }

  async #readPage(): Promise<number> {
    const { body, status } = await this.services.get('auth').request({
      method: 'GET',
      path: '/internal/revocations',
      query: { after: String(this.#after) },
      internal: true,
      deadlineMs: READ_LIMIT_MS,
    });
    if (status !== 200) throw new Error(`auth answered ${status} when asked for revocations`);
    const { position, sessions } = RevocationsBody.parse(body);
    for (const { sessionId, endedAt } of sessions) this.#ended.set(sessionId, Date.parse(endedAt));
    this.#after = position;
    return sessions.length;
  }

  #forget(): void {
    const limit = Date.now() - KEEP_MS;
    for (const [sessionId, endedAt] of this.#ended) if (endedAt < limit) this.#ended.delete(sessionId);
  }
}
