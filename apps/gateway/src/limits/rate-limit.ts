import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

export const WINDOW_S = 60;

export type LimitName = 'ip' | 'user' | 'token';

export interface Quota {
  readonly name: LimitName;
  readonly limit: number;
  readonly remaining: number;
  readonly resetSeconds: number;
  readonly exceeded: boolean;
}

/** So many requests a minute and key: shared by Redis where there is one; each process counts alone while Redis is lost. */
export class RateLimit {
  private readonly limiter: RateLimiterMemory | RateLimiterRedis;

  constructor(
    private readonly name: LimitName,
    private readonly limit: number,
    redis?: Redis,
  ) {
    const options = { keyPrefix: `limit:${name}`, points: limit, duration: WINDOW_S };
    const memory = new RateLimiterMemory(options);
    this.limiter = redis
      ? new RateLimiterRedis({
          ...options,
          storeClient: redis,
          insuranceLimiter: memory,
          rejectIfRedisNotReady: true,
        })
      : memory;
  }

  async take(key: string): Promise<Quota> {
    try {
      return this.quota(await this.limiter.consume(key), false);
    } catch (error) {
      if (error instanceof RateLimiterRes) return this.quota(error, true);
      throw error;
    }
  }

  private quota(result: RateLimiterRes, exceeded: boolean): Quota {
    return {
      name: this.name,
      limit: this.limit,
      remaining: Math.max(0, result.remainingPoints),
      resetSeconds: Math.max(1, Math.ceil(result.msBeforeNext / 1000)),
      exceeded,
    };
  }
}
