import { command, event } from '@taskwire/messaging';
import { z } from 'zod';
import { Label, Task, TaskDescription, TaskPriority, TaskStatus, TaskTitle } from '../http/tasks.js';
import { Instant, Uuid } from '../values.js';

const TOPIC = 'task.commands.v1';
const EVENTS = 'task.events.v1';

const Owned = z.object({ taskId: Uuid, ownerId: Uuid });
/** `version`: the version that the caller saw; null where the caller didn't say, or said that any will do (`If-Match: *`). */
const Versioned = Owned.extend({ version: z.int().positive().nullable() });

const byOwner = (payload: { ownerId: string }) => payload.ownerId;

/** `ownerId`: by it a stored reply is found when its owner's account goes. Services from before it leave it out. */
export const TaskReply = Task.extend({ ownerId: Uuid.optional() }).meta({ id: 'TaskReply' });
export type TaskReply = z.output<typeof TaskReply>;

export const CreateTask = command('task.create.v1', {
  topic: TOPIC,
  key: byOwner,
  payload: Owned.extend({
    title: TaskTitle,
    description: TaskDescription.nullable(),
    status: TaskStatus,
    priority: TaskPriority,
    dueAt: Instant.nullable(),
    remindAt: Instant.nullable(),
    labels: z.array(Label),
  }),
  reply: TaskReply,
  rejections: ['already_exists'],
});

export const UpdateTask = command('task.update.v1', {
  topic: TOPIC,
  key: byOwner,
  payload: Versioned.extend({
    changes: z.object({
      title: TaskTitle.optional(),
      description: TaskDescription.nullable().optional(),
      status: TaskStatus.optional(),
      priority: TaskPriority.optional(),
      dueAt: Instant.nullable().optional(),
      remindAt: Instant.nullable().optional(),
      labels: z.array(Label).optional(),
    }),
  }),
  reply: TaskReply,
  rejections: ['not_found', 'version_conflict'],
});

export const CompleteTask = command('task.complete.v1', {
  topic: TOPIC,
  key: byOwner,
  payload: Versioned,
  reply: TaskReply,
  rejections: ['not_found', 'version_conflict'],
});

export const ReopenTask = command('task.reopen.v1', {
  topic: TOPIC,
  key: byOwner,
  payload: Versioned,
  reply: TaskReply,
  rejections: ['not_found', 'version_conflict'],
});

export const DeleteTask = command('task.delete.v1', {
  topic: TOPIC,
  key: byOwner,
  payload: Versioned,
  reply: Owned,
  rejections: ['not_found', 'version_conflict'],
});

/** What events say of a task: all but the description, which may be long. */
export const TaskFact = Task.omit({ description: true }).extend({ ownerId: Uuid }).meta({ id: 'TaskFact' });
export type TaskFact = z.output<typeof TaskFact>;

const taskEvent = <const T extends string>(type: T) =>
  event(type, { topic: EVENTS, key: (e) => e.task.ownerId, payload: z.object({ task: TaskFact }) });

export const TaskCreated = taskEvent('task.created.v1');
export const TaskCompleted = taskEvent('task.completed.v1');
export const TaskReopened = taskEvent('task.reopened.v1');
export const TaskUpdated = event('task.updated.v1', {
  topic: EVENTS,
  key: (e) => e.task.ownerId,
  payload: z.object({ task: TaskFact, changed: z.array(z.string()) }),
});
export const TaskDeleted = event('task.deleted.v1', {
  topic: EVENTS,
  key: byOwner,
  payload: Owned.extend({ title: TaskTitle }),
});
