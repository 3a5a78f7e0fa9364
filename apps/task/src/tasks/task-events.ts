import { TaskCompleted, TaskCreated, TaskReopened, TaskUpdated } from '@taskwire/contracts';
import type { HandlerContext, ReceivedMessage } from '@taskwire/messaging';
import { type Task, type TaskRevision, taskFact } from './task.js';

type Publish = HandlerContext['publish'];

export function publishCreation(publish: Publish, created: Task, cause: ReceivedMessage): void {
  const task = taskFact(created);
  publish(TaskCreated, { task }, cause);
  if (created.status === 'done') publish(TaskCompleted, { task }, cause);
}

/** Completion and its reversal are events of their own, whichever command brought them about. */
export function publishRevision(
  publish: Publish,
  before: Task,
  { task: after, changed }: TaskRevision,
  cause: ReceivedMessage,
): void {
  const task = taskFact(after);
  const wasDone = before.status === 'done';
  const isDone = after.status === 'done';
  const others = wasDone === isDone ? changed : changed.filter((field) => field !== 'status');

  if (others.length > 0) publish(TaskUpdated, { task, changed: [...others] }, cause);
  if (isDone && !wasDone) publish(TaskCompleted, { task }, cause);
  if (wasDone && !isDone) publish(TaskReopened, { task }, cause);
}
