import type { ClientRecord, FeedEntry, Finding, StoredRecord, StoredTask } from './ledger.js';

/**
 * Each reminder once, and not before its time. A time that had passed when the task was created reminds nobody; a task
 * that is done by now may have been done before its reminder or after.
 */
export function checkReminders({ owner }: ClientRecord, { tasks, feed }: StoredRecord): Finding[] {
  const given = Map.groupBy(feed.filter(isReminder), ({ taskId }) => taskId);
  return tasks.flatMap((task) => {
    const reminders = given.get(task.id) ?? [];
    const found = (kind: Finding['kind'], detail: string): Finding[] => [
      { owner, kind, where: 'notifications', detail: `${task.id}: ${detail}` },
    ];
    if (!isWanted(task)) return reminders.length === 0 ? [] : found('uninvited', 'a reminder');
    if (reminders.length > 1) return found('doubled', `${reminders.length} reminders`);
    if (reminders.length === 0 && task.completedAt === null) return found('lost', 'its reminder');
    const early = reminders.filter((reminder) => latenessOf(reminder, task) < 0);
    return early.length === 0 ? [] : found('uninvited', 'a reminder before its time');
  });
}

export interface Lateness {
  /** When the reminder was due. */
  readonly dueAt: number;
  /** When it was in the owner's feed. Both in ms since 1970. */
  readonly at: number;
}

/** How late each reminder was that was given, in the order of the feed. */
export function latenessIn({ tasks, feed }: StoredRecord): Lateness[] {
  const dueAt = new Map(tasks.filter(isWanted).map(({ id, remindAt }) => [id, Date.parse(remindAt ?? '')]));
  return feed.filter(isReminder).flatMap(({ taskId, at }) => {
    const due = dueAt.get(taskId);
    return due === undefined ? [] : [{ dueAt: due, at: Date.parse(at) }];
  });
}

export const isReminder = ({ kind }: FeedEntry): boolean => kind === 'task_reminder';

const isWanted = ({ remindAt, createdAt }: StoredTask): boolean =>
  remindAt !== null && Date.parse(remindAt) > Date.parse(createdAt);

const latenessOf = ({ at }: FeedEntry, { remindAt }: StoredTask): number =>
  Date.parse(at) - Date.parse(remindAt ?? '');
