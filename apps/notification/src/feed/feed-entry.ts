import {
  type Notification,
  ReminderDue,
  TaskCompleted,
  TaskCreated,
  TaskDeleted,
  TaskReopened,
  TaskUpdated,
  UserRegistered,
} from '@taskwire/contracts';
import type { ReceivedMessage } from '@taskwire/messaging';

/** What a user is told, before it has its place in the feed. */
export interface FeedEntry {
  readonly userId: string;
  readonly taskId: string | null;
  readonly title: string;
  /** The event that it tells of. */
  readonly cause: ReceivedMessage;
}

const KINDS: Readonly<Record<string, Notification['kind']>> = {
  [TaskCreated.type]: 'task_created',
  [TaskUpdated.type]: 'task_updated',
  [TaskCompleted.type]: 'task_completed',
  [TaskReopened.type]: 'task_reopened',
  [TaskDeleted.type]: 'task_deleted',
  [ReminderDue.type]: 'task_reminder',
  [UserRegistered.type]: 'welcome',
};

export function kindOf(entry: FeedEntry): Notification['kind'] {
  const kind = KINDS[entry.cause.type];
  if (kind === undefined) throw new TypeError(`no kind of notification tells of ${entry.cause.type}`);
  return kind;
}

/** Several groups append to one feed: each declares this lock for the users whose feeds it appends to. */
export function feedLock(userId: string): string {
  return `feed/${userId}`;
}
