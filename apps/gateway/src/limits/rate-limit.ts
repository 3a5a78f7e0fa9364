import { SharedLimit, type SharedRedis, type Taken } from '@taskwire/service/redis';

/** By what requests are counted: the client's network, the user, the session or API token that they came with. */
export type LimitName = 'ip' | 'user' | 'token';

export interface Quota extends Taken {
  readonly name: LimitName;
  readonly limit: number;
}

/** So many requests a minute and key. */
export class RateLimit {
  private readonly shared: SharedLimit;

  constructor(
    private readonly name: LimitName,
    private readonly limit: number,
    redis?: SharedRedis,
  ) {
    this.shared = new SharedLimit(name, limit, redis);
  }

  async take(key: string): Promise<Quota> {
    return { name: this.name, limit: this.limit, ...(await this.shared.take(key)) };
  }
}
