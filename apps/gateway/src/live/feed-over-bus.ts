import type { OnApplicationBootstrap } from '@nestjs/common';
import { type FeedAppended, gatewayFeed } from '@taskwire/contracts';
import type { Bus, Listening, PayloadOf } from '@taskwire/messaging';
import type { Appended, FeedSource } from './feed-source.js';

export interface FeedHearer {
  deliver(appended: Appended): void;
  /** Some may have been missed. */
  resync(): Promise<void>;
}

/** The feeds of all users, by the broadcast of the bus that every gateway can hear. */
export class FeedOverBus implements FeedSource, OnApplicationBootstrap {
  private listening: Listening | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly hearer: FeedHearer,
  ) {}

  onApplicationBootstrap(): Promise<void> {
    return this.open();
  }

  follow(): Promise<void> {
    return Promise.resolve();
  }

  unfollow(): void {}

  /** A resync follows, unless it is open. Rejects when the bus can't be heard now. Not for several at once, nor is `close`. */
  async open(): Promise<void> {
    this.listening ??= await this.bus.listen(gatewayFeed, {
      receive: ({ payload }) => this.hearer.deliver(payload as PayloadOf<typeof FeedAppended>),
      resync: () => this.hearer.resync(),
    });
  }

  async close(): Promise<void> {
    const { listening } = this;
    this.listening = undefined;
    await listening?.close();
  }
}
