import { Jwks } from '@taskwire/contracts';
import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import type { ServiceClients } from '../clients/service-clients.js';
import { ProblemError } from '../http/problem-error.js';

const READ_LIMIT_MS = 5_000;
/**
 * Older keys are read again behind the scenes; those of a service that was idle are waited for. While auth is away they go
 * on being used.
 */
const FRESH_MS = 5 * 60_000;
/** An unknown key id makes the keys be read again, at most this often. */
const COOLDOWN_MS = 5_000;

/** The keys that auth publishes, kept here: verifying a token asks nobody. */
export class PublishedKeys {
  #keys: ReturnType<typeof createLocalJWKSet> | undefined;
  #readAt = 0;
  #triedAt = 0;
  #reading: Promise<void> | undefined;

  constructor(
    private readonly services: Pick<ServiceClients, 'get'>,
    private readonly cooldownMs = COOLDOWN_MS,
    private readonly freshMs = FRESH_MS,
  ) {}

  /** For jose's `jwtVerify`. Rejects with `service_unavailable` or `timeout` while no keys were ever read. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    if (!this.#keys) await this.#read();
    else if (this.#isOlderThan(this.#readAt, this.freshMs) && this.#mayTry()) {
      const read = this.#read().catch(() => undefined);
      if (this.#isOlderThan(this.#readAt, 2 * this.freshMs)) await read;
    }
    try {
      return await this.#known()(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#readForUnknown();
      return this.#known()(header, token);
    }
  };

  /** A key may be newer than what was read: joins a read that is under way, or begins one. */
  async #readForUnknown(): Promise<void> {
    if (this.#reading || this.#mayTry()) return this.#read();
    // Too soon to ask again. If the last read failed, it isn't known whether there is such a key.
    if (this.#readAt < this.#triedAt) throw unreadable();
  }

  #mayTry(): boolean {
    return this.#isOlderThan(this.#triedAt, this.cooldownMs);
  }

  #known() {
    if (this.#keys) return this.#keys;
    throw new ProblemError('service_unavailable', 'the keys of access tokens were not read yet');
  }

  #isOlderThan(time: number, age: number): boolean {
    return performance.now() - time > age;
  }

  /** One read at a time; who comes meanwhile waits for it. */
  #read(): Promise<void> {
    this.#reading ??= this.#ask().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #ask(): Promise<void> {
    this.#triedAt = performance.now();
    const { status, body } = await this.services.get('auth').request({
      method: 'GET',
      path: '/.well-known/jwks.json',
      deadlineMs: READ_LIMIT_MS,
    });
    const keys = Jwks.safeParse(body);
    if (status !== 200 || !keys.success) throw unreadable();
    this.#keys = createLocalJWKSet(keys.data);
    this.#readAt = performance.now();
  }
}

function unreadable(): ProblemError {
  return new ProblemError('service_unavailable', 'the keys of access tokens cannot be read', {
    headers: { 'retry-after': '1' },
  });
}
