import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { SharedRedis } from './shared-redis.js';

/** A limit's window, in seconds: from the first request that it counts. */
export const WINDOW_S = 60;

export interface Taken {
  readonly exceeded: boolean;
  readonly remaining: number;
  /** Until the whole limit is there again; at least 1. */
  readonly resetSeconds: number;
}

/**
 * So much a minute for each key: over all processes where there is a Redis, exactly. While it is lost each process counts
 * alone, from nothing; what Redis has counted goes on when it is back.
 */
export class SharedLimit {
  readonly #memory: RateLimiterMemory;
  readonly #shared: RateLimiterRedis | undefined;

  constructor(
    name: string,
    limit: number,
    private readonly redis?: SharedRedis,
  ) {
    const options = { keyPrefix: `limit:${name}`, points: limit, duration: WINDOW_S };
    this.#memory = new RateLimiterMemory(options);
    this.#shared = redis && new RateLimiterRedis({ ...options, storeClient: redis.client });
  }

  async take(key: string): Promise<Taken> {
    const [redis, shared] = [this.redis, this.#shared];
    if (redis === undefined || shared === undefined) return takeFrom(this.#memory, key);
    return redis.use(
      () => takeFrom(shared, key),
      () => takeFrom(this.#memory, key),
    );
  }
}

async function takeFrom(limiter: RateLimiterMemory | RateLimiterRedis, key: string): Promise<Taken> {
  try {
    return taken(await limiter.consume(key), false);
  } catch (refused) {
    if (refused instanceof RateLimiterRes) return taken(refused, true);
    throw refused;
  }
}

function taken({ remainingPoints, msBeforeNext }: RateLimiterRes, exceeded: boolean): Taken {
  return {
    exceeded,
    remaining: Math.max(0, remainingPoints),
    resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1_000)),
  };
}
