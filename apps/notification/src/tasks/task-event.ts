import { TaskCompleted, TaskCreated, TaskDeleted, TaskReopened, TaskUpdated } from '@taskwire/contracts';
import { type EventOf, isEvent } from '@taskwire/messaging';

export const taskEvents = [TaskCreated, TaskUpdated, TaskCompleted, TaskReopened, TaskDeleted] as const;
export type TaskEvent = EventOf<(typeof taskEvents)[number]>;

/** What every event of a task says. */
export function subjectOf(event: TaskEvent): { taskId: string; userId: string; title: string } {
  if (isEvent(event, TaskDeleted)) {
    const { taskId, ownerId, title } = event.payload;
    return { taskId, userId: ownerId, title };
  }
  const { id, ownerId, title } = event.payload.task;
  return { taskId: id, userId: ownerId, title };
}
