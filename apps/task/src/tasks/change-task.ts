import type { TaskReply } from '@taskwire/contracts';
import { type HandlerContext, type ReceivedMessage, Rejection } from '@taskwire/messaging';
import { publishRevision } from './task-events.js';
import type { TaskStore } from './task-store.js';
import { type Task, type TaskRevision, taskReply } from './task.js';

/** `version`: the one that the caller saw, or null when any will do. */
export type ChangeCommand = ReceivedMessage<{ taskId: string; ownerId: string; version: number | null }>;

/** The task that a command is about, once it is certain that its sender may change this version of it. */
export async function taskToChange(
  store: TaskStore,
  { actor, payload: { taskId, ownerId, version } }: ChangeCommand,
  { tx }: HandlerContext,
): Promise<Task> {
  if (actor !== ownerId) throw new Rejection('forbidden');
  const task = await store.findForChange(tx, ownerId, taskId);
  if (task === null) throw new Rejection('not_found');
  if (version !== null && version !== task.version) {
    throw new Rejection('version_conflict', `the current version is ${task.version}`);
  }
  return task;
}

/** Loads, checks, changes and saves the task, and says what changed; nothing at all when nothing did. */
export async function changeTask(
  store: TaskStore,
  command: ChangeCommand,
  context: HandlerContext,
  change: (task: Task, now: Date) => TaskRevision,
): Promise<TaskReply> {
  const before = await taskToChange(store, command, context);
  const revision = change(before, new Date());
  if (revision.task !== before) {
    await store.save(context.tx, revision.task);
    publishRevision(context.publish, before, revision, command);
  }
  return taskReply(revision.task);
}
