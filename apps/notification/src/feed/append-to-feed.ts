import { FeedAppended } from '@taskwire/contracts';
import type { HandlerContext } from '@taskwire/messaging';
import type { FeedEntry } from './feed-entry.js';
import type { FeedStore } from './feed-store.js';

/** Appends the entries, and tells the gateways, whose live clients wait for them. */
export async function appendToFeed(
  feed: FeedStore,
  entries: readonly FeedEntry[],
  { tx, publish }: Pick<HandlerContext, 'tx' | 'publish'>,
): Promise<void> {
  const appended = await feed.append(tx, entries);
  for (const [index, entry] of appended.entries()) {
    const source = entries[index];
    if (source === undefined) continue;
    const { userId, cause } = source;
    publish(FeedAppended, { userId, event: cause.type, entry }, cause);
  }
}
