import { Jwks } from '@taskwire/contracts';
import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import type { ServiceClients } from '../clients/service-clients.js';
import { ProblemError } from '../http/problem-error.js';

const READ_LIMIT_MS = 5_000;
/** Older keys are read again behind the scenes; while auth is away they go on being used. */
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
  ) {}

  /** For jose's `jwtVerify`. Rejects with `service_unavailable` or `timeout` while no keys were ever read. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    if (!this.#keys) await this.#read();
    else if (this.#isOlderThan(this.#readAt, FRESH_MS) && this.#isOlderThan(this.#triedAt, this.cooldownMs)) {
      this.#read().catch(() => undefined);
    }
    try {
      return await this.#known()(header, token);
    } catch (error) {
      const isUnknown = error instanceof errors.JWKSNoMatchingKey;
      if (!isUnknown || !this.#isOlderThan(this.#triedAt, this.cooldownMs)) throw error;
      await this.#read();
      return this.#known()(header, token);
    }
  };

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
    if (status !== 200 || !keys.success) {
      throw new ProblemError('service_unavailable', 'the keys of access tokens cannot be read', {
        headers: { 'retry-after': '1' },
      });
    }
    this.#keys = createLocalJWKSet(keys.data);
    this.#readAt = performance.now();
  }
}
