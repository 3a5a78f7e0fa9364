import { ReminderDue, TaskDeleted } from '@taskwire/contracts';
import { type HandlerContext, isEvent, type ReceivedMessage } from '@taskwire/messaging';
import { subjectOf, type TaskEvent } from '../tasks/task-event.js';
import { follow, pendingAt, type Reminder } from './reminder.js';
import type { ReminderStore } from './reminder-store.js';

type Context = Pick<HandlerContext, 'tx' | 'schedule' | 'cancelSchedule'>;

/** Keeps the reminders, and what is scheduled for them, in step with the tasks that the events tell of. */
export async function followReminders(
  reminders: ReminderStore,
  events: readonly TaskEvent[],
  context: Context,
): Promise<void> {
  const byTask = Map.groupBy(events, (event) => subjectOf(event).taskId);
  const known = await reminders.findMany(context.tx, [...byTask.keys()]);
  const changed: Reminder[] = [];
  const removed: string[] = [];

  for (const [taskId, changes] of byTask) {
    const before = known.get(taskId);
    const after = changes.reduce(followEvent, before);
    if (after !== undefined && after !== before) changed.push(after);
    if (after === undefined && before !== undefined) removed.push(taskId);
    const cause = changes.at(-1);
    if (cause !== undefined) reschedule(taskId, before, after, cause, context);
  }
  await reminders.save(context.tx, changed);
  await reminders.remove(context.tx, removed);
}

function followEvent(reminder: Reminder | undefined, event: TaskEvent): Reminder | undefined {
  return isEvent(event, TaskDeleted) ? undefined : follow(reminder, event.payload.task);
}

function reschedule(
  taskId: string,
  before: Reminder | undefined,
  after: Reminder | undefined,
  cause: ReceivedMessage,
  { schedule, cancelSchedule }: Context,
): void {
  const id = `reminder:${taskId}`;
  const from = pendingAt(before);
  const at = pendingAt(after);
  if (from?.getTime() === at?.getTime()) return;
  if (after === undefined || at === null) return cancelSchedule(id);
  const remindAt = at.toISOString();
  schedule(ReminderDue, { userId: after.userId, taskId, remindAt }, { id, at, cause });
}
