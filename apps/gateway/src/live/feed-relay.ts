import { randomUUID } from 'node:crypto';
import type { SharedRedis } from '@taskwire/service/redis';
import type { Appended } from './feed-source.js';
import { ChannelSender } from './user-channels.js';

const KEY = 'live:relay';
/** Then somebody else may pass on. */
const LEASE_MS = 3_000;
/** Entries on their way to Redis; what comes besides is read from the feeds. */
const MOST_UNDER_WAY = 10_000;

const HOLD = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

const LEAVE = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/**
 * Passes on what comes over the bus to the gateways that hear it from Redis: one gateway for all of them. For a moment two
 * may, and an entry comes twice; its number shows that.
 */
export class FeedRelay {
  private readonly id = randomUUID();
  private readonly sender: ChannelSender;
  private holds = false;
  private missed = false;
  private waiting: Appended[] = [];
  private underWay = 0;

  constructor(private readonly redis: SharedRedis) {
    this.sender = new ChannelSender(redis);
  }

  get leads(): boolean {
    return this.holds;
  }

  /** Takes or prolongs the lease, unless another gateway has it or Redis is lost. */
  async hold(): Promise<void> {
    const holds = await this.redis.use(
      async (redis) => (await redis.eval(HOLD, 1, KEY, this.id, LEASE_MS)) === 1,
      () => false,
    );
    // What came since the last one ended was passed on by nobody.
    if (holds && !this.holds) this.missed = true;
    this.holds = holds;
  }

  async leave(): Promise<void> {
    if (!this.holds) return;
    this.holds = false;
    await this.redis.use(
      async (redis) => void (await redis.eval(LEAVE, 1, KEY, this.id)),
      () => undefined,
    );
  }

  pass(appended: Appended): void {
    if (!this.holds) return;
    if (this.underWay >= MOST_UNDER_WAY) return this.miss();
    this.underWay += 1;
    // What comes in one turn goes together: one failure then, not one for each.
    if (this.waiting.push(appended) === 1) setImmediate(() => void this.send());
  }

  /** Something was not passed on: the next beat has everybody read. */
  miss(): void {
    this.missed = true;
  }

  /** Tells the others that what is appended comes from here. */
  async beat(): Promise<void> {
    if (!this.holds) return;
    if (this.missed) {
      this.missed = false;
      if (!(await this.sender.notice('resync'))) return this.miss();
    }
    await this.sender.notice('beat');
  }

  private async send(): Promise<void> {
    const { waiting } = this;
    this.waiting = [];
    if (!(await this.sender.entries(waiting))) this.miss();
    this.underWay -= waiting.length;
  }
}
