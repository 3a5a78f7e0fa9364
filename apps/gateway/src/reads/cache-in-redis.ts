import { randomUUID } from 'node:crypto';
import type { SharedRedis } from '@taskwire/service/redis';
import { FORGOTTEN_MS, KeptAnswer } from './kept-answer.js';

const PREFIX = 'cache:';
/** What was kept in another epoch is void: so all of it goes at once, whatever it is. */
const EPOCH = `${PREFIX}epoch`;

const FIND = `
local epoch = redis.call('GET', KEYS[1])
if not epoch then
  epoch = ARGV[1]
  redis.call('SET', KEYS[1], epoch)
end
local slot = redis.call('HMGET', KEYS[2], 'epoch', 'kept')
return {epoch, slot[1] == epoch and slot[2] or ''}`;

const KEEP = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return end
local slot = redis.call('HMGET', KEYS[2], 'epoch', 'version')
if slot[1] == ARGV[1] and tonumber(slot[2]) > tonumber(ARGV[2]) then return end
redis.call('HSET', KEYS[2], 'epoch', ARGV[1], 'version', ARGV[2], 'kept', ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[4])`;

const FORGET = `
local slot = redis.call('HMGET', KEYS[2], 'epoch', 'version')
local epoch = redis.call('GET', KEYS[1])
if epoch and slot[1] == epoch and tonumber(slot[2]) >= tonumber(ARGV[1]) then return end
redis.call('DEL', KEYS[2])
if not epoch then return end
redis.call('HSET', KEYS[2], 'epoch', epoch, 'version', ARGV[1], 'kept', '')
redis.call('PEXPIRE', KEYS[2], ARGV[2])`;

export interface FoundInRedis {
  /** To be given back with what is read meanwhile; undefined while Redis is lost. */
  readonly epoch: string | undefined;
  readonly kept: KeptAnswer | undefined;
}

const NOTHING: FoundInRedis = { epoch: undefined, kept: undefined };

/** Answers that all gateways keep together, each for as long as it may be given. */
export class CacheInRedis {
  /** Redis was lost when something had to go from it. */
  #behind = false;

  constructor(private readonly redis: SharedRedis) {}

  async find(key: string): Promise<FoundInRedis> {
    if (this.#behind) await this.clear();
    if (this.#behind) return NOTHING;
    return this.redis.use(
      async (redis) => {
        const found = await redis.eval(FIND, 2, EPOCH, PREFIX + key, randomUUID());
        const [epoch, text] = found as [string, string];
        return { epoch, kept: text === '' ? undefined : parse(text) };
      },
      () => NOTHING,
    );
  }

  /** Does nothing when a newer version is known, or when all was cleared since the epoch. */
  async keep(key: string, kept: KeptAnswer, epoch: string): Promise<void> {
    const leftMs = Math.ceil(kept.until - Date.now());
    if (leftMs <= 0) return;
    await this.redis.use(
      (redis) => redis.eval(KEEP, 2, EPOCH, PREFIX + key, epoch, kept.version, JSON.stringify(kept), leftMs),
      () => undefined,
    );
  }

  async forget(key: string, version: number): Promise<void> {
    await this.redis.use(
      (redis) => redis.eval(FORGET, 2, EPOCH, PREFIX + key, version, FORGOTTEN_MS),
      () => void (this.#behind = true),
    );
  }

  async clear(): Promise<void> {
    this.#behind = await this.redis.use(
      async (redis) => (await redis.set(EPOCH, randomUUID())) !== 'OK',
      () => true,
    );
  }
}

/** Another version of the gateway may have kept it, in a form of its own. */
function parse(text: string): KeptAnswer | undefined {
  return KeptAnswer.safeParse(JSON.parse(text)).data;
}
