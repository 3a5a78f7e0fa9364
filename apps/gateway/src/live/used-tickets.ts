import type { SharedRedis } from '@taskwire/service/redis';
import type { UsedTickets } from './tickets.js';

/** For a gateway that runs alone. Holds no more than the tickets of the last lifetime. */
export class UsedTicketsInMemory implements UsedTickets {
  private readonly expiries = new Map<string, number>();

  take(nonce: string, lifetimeS: number): Promise<boolean> {
    const now = Date.now();
    // Oldest first: a Map keeps the order of insertion.
    for (const [old, expiry] of this.expiries) {
      if (expiry > now) break;
      this.expiries.delete(old);
    }
    if (this.expiries.has(nonce)) return Promise.resolve(false);
    this.expiries.set(nonce, now + lifetimeS * 1000);
    return Promise.resolve(true);
  }
}

/** For several gateways. While Redis is lost, each remembers its own. */
export class UsedTicketsInRedis implements UsedTickets {
  private readonly insurance = new UsedTicketsInMemory();

  constructor(private readonly redis: SharedRedis) {}

  async take(nonce: string, lifetimeS: number): Promise<boolean> {
    const first = await this.insurance.take(nonce, lifetimeS);
    if (!first) return false;
    return this.redis.use(
      async (redis) => (await redis.set(`ticket:${nonce}`, '1', 'EX', lifetimeS, 'NX')) === 'OK',
      () => true,
    );
  }
}
