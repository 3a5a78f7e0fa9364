import type { OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@taskwire/telemetry';
import { Redis } from 'ioredis';
import { CircuitBreaker } from '../clients/circuit-breaker.js';

/** What a request may lose by a Redis that does not answer; after a few of them nobody asks for a while. */
const COMMAND_TIMEOUT_MS = 500;
const LONGEST_RETRY_MS = 5_000;

/** The Redis of REDIS_URL, if it is set; each failure is a line in the log. */
export function redisAt(url: string | undefined, log: Logger): SharedRedis | undefined {
  if (url === undefined) return undefined;
  return new SharedRedis(url, (error) => log.warn({ detail: error.message }, 'Redis is lost'));
}

/** A Redis that may be lost at any time: every use says what is done without it. */
export class SharedRedis implements OnApplicationShutdown {
  /** For what is set up on the connection, such as scripts; never to be waited for outside of `use`. */
  readonly client: Redis;
  readonly #breaker = new CircuitBreaker();

  /** Comes back by itself after a loss; `onLost` hears of each failure. */
  constructor(
    url: string,
    private readonly onLost: (error: Error) => void,
  ) {
    this.client = new Redis(url, {
      commandTimeout: COMMAND_TIMEOUT_MS,
      connectTimeout: COMMAND_TIMEOUT_MS,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt) => Math.min(attempt * 200, LONGEST_RETRY_MS),
    });
    this.client.on('error', onLost);
    this.client.on('ready', () => this.#breaker.succeeded());
  }

  /** What Redis answers; while it is lost, at once what `without` says. Never rejects by the fault of Redis. */
  async use<T>(ask: (redis: Redis) => Promise<T>, without: () => T | Promise<T>): Promise<T> {
    if (this.client.status !== 'ready' || !this.#breaker.admits()) return without();
    try {
      const answer = await ask(this.client);
      this.#breaker.succeeded();
      return answer;
    } catch (error) {
      this.#breaker.failed();
      this.onLost(error as Error);
      return without();
    }
  }

  onApplicationShutdown(): void {
    this.client.disconnect();
  }
}
