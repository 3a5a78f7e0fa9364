import type { TaskFact } from '@taskwire/contracts';

/** What is known of a task that has, or had, a time to remind of it. */
export interface Reminder {
  readonly taskId: string;
  readonly userId: string;
  readonly title: string;
  /** Of the task. */
  readonly version: number;
  readonly open: boolean;
  readonly remindAt: Date | null;
  /** The time that is over and done with: no time reminds twice. */
  readonly doneFor: Date | null;
}

/** When the owner is still to be reminded. */
export function pendingAt(reminder: Reminder | undefined): Date | null {
  if (reminder === undefined || !reminder.open || reminder.remindAt === null) return null;
  return isSame(reminder.remindAt, reminder.doneFor) ? null : reminder.remindAt;
}

/**
 * The reminder after a change of its task; undefined while the task has never had a time. A time that had passed already
 * when it was set, or when the task was reopened, reminds nobody.
 */
export function follow(known: Reminder | undefined, task: TaskFact): Reminder | undefined {
  if (known === undefined && task.remindAt === null) return undefined;
  if (known !== undefined && task.version < known.version) return known;

  const next: Reminder = {
    taskId: task.id,
    userId: task.ownerId,
    title: task.title,
    version: task.version,
    open: task.status !== 'done',
    remindAt: task.remindAt === null ? null : new Date(task.remindAt),
    doneFor: known?.doneFor ?? null,
  };
  const at = pendingAt(next);
  const stood = at !== null && isSame(at, pendingAt(known));
  const late = at !== null && !stood && at <= new Date(task.updatedAt);
  return late ? { ...next, doneFor: at } : next;
}

/** Whether the time that has come is the one that the reminder still stands for. */
export function applies(reminder: Reminder | undefined, remindAt: Date): reminder is Reminder {
  return isSame(pendingAt(reminder), remindAt);
}

function isSame(a: Date | null, b: Date | null): boolean {
  return a !== null && b !== null && a.getTime() === b.getTime();
}
