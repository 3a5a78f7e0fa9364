import { EVENT_OF_KIND, type Notification } from '@taskwire/contracts';
import type { ReceivedMessage } from '@taskwire/messaging';

/** What a user is told, before it has its place in the feed. */
export interface FeedEntry {
  readonly userId: string;
  readonly taskId: string | null;
  readonly title: string;
  /** The event that it tells of. */
  readonly cause: ReceivedMessage;
}

const KINDS = new Map(
  Object.entries(EVENT_OF_KIND).map(([kind, type]) => [type, kind as Notification['kind']]),
);

export function kindOf(entry: FeedEntry): Notification['kind'] {
  const kind = KINDS.get(entry.cause.type);
  if (kind === undefined) throw new TypeError(`no kind of notification tells of ${entry.cause.type}`);
  return kind;
}

/** Several groups append to one feed: each declares this lock for the users whose feeds it appends to. */
export function feedLock(userId: string): string {
  return `feed/${userId}`;
}
