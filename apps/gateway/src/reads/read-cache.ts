import type { CacheInMemory } from './cache-in-memory.js';
import type { CacheInRedis } from './cache-in-redis.js';
import type { KeptAnswer } from './kept-answer.js';

/** Where an answer came from. */
export type Layer = 'memory' | 'redis' | 'service';

/** What the cache has of a key, or how to give it what the service answers. */
export type Found =
  | { readonly layer: 'memory' | 'redis'; readonly kept: KeptAnswer }
  | { readonly layer: 'service'; keep(read: KeptAnswer): Promise<void> };

/** Answers in layers: in the process, then in Redis where there is one. A version that was replaced never comes back. */
export class ReadCache {
  constructor(
    private readonly memory: CacheInMemory,
    private readonly redis?: CacheInRedis,
  ) {}

  /** Only what `fits`: the rest is as if it were not there. */
  async find(key: string, fits: (kept: KeptAnswer) => boolean): Promise<Found> {
    const { cleared } = this.memory;
    const near = this.memory.find(key);
    if (near && fits(near)) return { layer: 'memory', kept: near };
    const shared = await this.redis?.find(key);
    const far = shared?.kept;
    const keepNear = (read: KeptAnswer) => cleared === this.memory.cleared && this.memory.keep(key, read);
    if (far && fits(far) && far.until > Date.now() && keepNear(far)) return { layer: 'redis', kept: far };
    const keep = async (read: KeptAnswer) => {
      if (keepNear(read) && shared?.epoch !== undefined) await this.redis?.keep(key, read, shared.epoch);
    };
    return { layer: 'service', keep };
  }

  /** In this process at once; versions before this one are void. */
  async forget(key: string, version: number): Promise<void> {
    this.memory.forget(key, version);
    await this.redis?.forget(key, version);
  }

  async clear(): Promise<void> {
    this.memory.clear();
    await this.redis?.clear();
  }
}
