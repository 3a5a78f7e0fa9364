import { feedLock } from '../feed/feed-entry.js';

/**
 * Events and commands of a user write the same webhooks, from groups of their own. Who follows tasks holds the lock of the
 * feed anyway, so it is this one.
 */
export function lockOf({ userId }: { userId: string }): string {
  return feedLock(userId);
}
