import type { FeedAppended } from '@taskwire/contracts';
import type { PayloadOf } from '@taskwire/messaging';

/** An entry that was appended to a user's feed. */
export type Appended = Pick<PayloadOf<typeof FeedAppended>, 'userId' | 'entry'>;

/** Where the gateway hears of what is appended to feeds. Only a hint: connections find what it misses by its numbers. */
export interface FeedSource {
  /**
   * Resolves when what is appended from now on to the user's feed is heard, or else all connections will read their feeds
   * again. Never rejects.
   */
  follow(userId: string): Promise<void>;
  unfollow(userId: string): void;
}
