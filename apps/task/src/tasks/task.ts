import type { Task as TaskView, TaskFact, TaskReply } from '@taskwire/contracts';

export type TaskStatus = TaskView['status'];
export type TaskPriority = TaskView['priority'];

/** What the owner decides about a task. */
export interface TaskFields {
  readonly title: string;
  readonly description: string | null;
  readonly status: TaskStatus;
  readonly priority: TaskPriority;
  readonly dueAt: Date | null;
  readonly remindAt: Date | null;
  readonly labels: readonly string[];
}

export interface Task extends TaskFields {
  readonly id: string;
  readonly ownerId: string;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Set exactly while the status is `done`. */
  readonly completedAt: Date | null;
}

export type TaskField = keyof TaskFields;
export type TaskChanges = { readonly [Field in TaskField]?: TaskFields[Field] | undefined };

export interface TaskRevision {
  /** The very same object when nothing changed. */
  readonly task: Task;
  readonly changed: readonly TaskField[];
}

export function newTask(id: string, ownerId: string, fields: TaskFields, now: Date): Task {
  const completedAt = fields.status === 'done' ? now : null;
  return { ...fields, id, ownerId, version: 1, createdAt: now, updatedAt: now, completedAt };
}

/** The task with these fields set. A value that it has already is no change; without any, the version stays. */
export function revise(task: Task, changes: TaskChanges, now: Date): TaskRevision {
  const changed = FIELDS.filter(
    (field) => changes[field] !== undefined && !isSame(changes[field], task[field]),
  );
  if (changed.length === 0) return { task, changed };

  const fields = { ...task, ...Object.fromEntries(changed.map((field) => [field, changes[field]])) };
  return {
    task: {
      ...fields,
      version: task.version + 1,
      updatedAt: now,
      completedAt: completion(task, fields, now),
    },
    changed,
  };
}

export function complete(task: Task, now: Date): TaskRevision {
  return revise(task, { status: 'done' }, now);
}

/** Only a done task is reopened: one in progress stays so. */
export function reopen(task: Task, now: Date): TaskRevision {
  return revise(task, task.status === 'done' ? { status: 'todo' } : {}, now);
}

export function taskView({ ownerId: _, ...task }: Task): TaskView {
  return {
    ...task,
    labels: [...task.labels],
    dueAt: task.dueAt?.toISOString() ?? null,
    remindAt: task.remindAt?.toISOString() ?? null,
    createdAt: task.createdAt.toISOString(),
    updatedAt: task.updatedAt.toISOString(),
    completedAt: task.completedAt?.toISOString() ?? null,
  };
}

/** The view, with whose it is: a stored reply is found by it. */
export function taskReply(task: Task): TaskReply {
  return { ...taskView(task), ownerId: task.ownerId };
}

export function taskFact(task: Task): TaskFact {
  const { description: _, ...view } = taskView(task);
  return { ...view, ownerId: task.ownerId };
}

const FIELDS = [
  'title',
  'description',
  'status',
  'priority',
  'dueAt',
  'remindAt',
  'labels',
] as const satisfies readonly TaskField[];

function completion(before: Task, after: TaskFields, now: Date): Date | null {
  if (after.status !== 'done') return null;
  return before.completedAt ?? now;
}

type FieldValue = TaskFields[TaskField];

function isSame(a: FieldValue | undefined, b: FieldValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
