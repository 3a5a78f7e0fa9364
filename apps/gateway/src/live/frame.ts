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

/** What a live client gets: the entry's number, the name of the event that it tells of, and the entry. */
export interface Frame {
  readonly id: number;
  readonly event: string;
  readonly data: Notification;
}

const EVENT_OF: Record<Notification['kind'], string> = {
  task_created: TaskCreated.type,
  task_updated: TaskUpdated.type,
  task_completed: TaskCompleted.type,
  task_reopened: TaskReopened.type,
  task_deleted: TaskDeleted.type,
  task_reminder: ReminderDue.type,
  welcome: UserRegistered.type,
};

export function frameOf(entry: Notification): Frame {
  return { id: entry.number, event: EVENT_OF[entry.kind], data: entry };
}
