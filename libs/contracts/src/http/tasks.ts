import { z } from 'zod';
import { Instant, Text, Uuid } from '../values.js';
import { PageLimit, Pagination } from './paging.js';
import { queryInteger } from './query.js';
import { route } from './route.js';

export const TaskStatus = z.enum(['todo', 'in_progress', 'done']);
export const TaskPriority = z.enum(['low', 'medium', 'high', 'urgent']);
export const TaskTitle = Text.trim().min(1).max(200);
export const TaskDescription = Text.max(10_000);
export const Label = Text.trim().min(1).max(50);
const Labels = z
  .array(Label)
  .max(20)
  .transform((labels) => [...new Set(labels)]);

export const Task = z
  .object({
    id: Uuid,
    title: TaskTitle,
    description: TaskDescription.nullable(),
    status: TaskStatus,
    priority: TaskPriority,
    dueAt: Instant.nullable(),
    remindAt: Instant.nullable(),
    labels: z.array(Label),
    /** Grows by one with each change; the ETag. */
    version: z.int().positive(),
    createdAt: Instant,
    updatedAt: Instant,
    completedAt: Instant.nullable(),
  })
  .meta({ id: 'Task' });
export type Task = z.output<typeof Task>;

export const CreateTaskBody = z
  .strictObject({
    title: TaskTitle,
    description: TaskDescription.nullable().default(null),
    status: TaskStatus.default('todo'),
    priority: TaskPriority.default('medium'),
    dueAt: Instant.nullable().default(null),
    remindAt: Instant.nullable().default(null),
    labels: Labels.default([]),
  })
  .meta({ id: 'CreateTask' });

/** JSON merge patch (RFC 7396): what is absent stays, null clears. */
export const UpdateTaskBody = z
  .strictObject({
    title: TaskTitle.optional(),
    description: TaskDescription.nullable().optional(),
    status: TaskStatus.optional(),
    priority: TaskPriority.optional(),
    dueAt: Instant.nullable().optional(),
    remindAt: Instant.nullable().optional(),
    labels: Labels.optional(),
  })
  .refine((changes) => Object.keys(changes).length > 0, 'names no field to change')
  .meta({ id: 'UpdateTask' });

const SORTS = ['createdAt', 'updatedAt', 'dueAt', 'priority', 'title'] as const;
export const TaskSort = z.enum(SORTS.flatMap((field) => [field, `-${field}`] as const));

export const ListTasksQuery = z
  .strictObject({
    page: queryInteger(1, 100_000)
      .optional()
      .meta({ description: 'The page, from 1; not together with `cursor`' }),
    limit: PageLimit,
    status: TaskStatus.optional().meta({ description: 'Only tasks with this status' }),
    priority: TaskPriority.optional().meta({ description: 'Only tasks of this priority' }),
    label: Label.optional().meta({ description: 'Only tasks with this label' }),
    q: Text.trim()
      .min(1)
      .max(200)
      .optional()
      .meta({ description: 'What title or description contain, without regard to case' }),
    dueBefore: Instant.optional().meta({ description: 'Only tasks that are due before' }),
    sort: TaskSort.default('-createdAt').meta({ description: 'The order; `-` for the last first' }),
    cursor: z.string().max(1_000).optional().meta({
      description:
        'Empty: starts the cursor form, which stays right while tasks are added; then `nextCursor` of the page before',
    }),
  })
  .refine(({ page, cursor }) => page === undefined || cursor === undefined, {
    error: 'cannot go together with cursor',
    path: ['page'],
  });

export const TaskPage = z.object({ tasks: z.array(Task), pagination: Pagination }).meta({ id: 'TaskPage' });
export const TaskCursorPage = z
  .object({ tasks: z.array(Task), nextCursor: z.string().nullable() })
  .meta({ id: 'TaskCursorPage' });

export const TaskStats = z
  .object({
    total: z.int(),
    byStatus: z.record(TaskStatus, z.int()),
    byPriority: z.record(TaskPriority, z.int()),
    overdue: z.int(),
    dueToday: z.int(),
    /** Completed tasks of all tasks, 0 to 1; 0 without tasks. */
    completionRate: z.number(),
  })
  .meta({ id: 'TaskStats' });

const params = z.object({ id: Uuid });
const service = 'task';

export const taskRoutes = {
  create: route('POST', '/v1/tasks', {
    summary: 'Create a task',
    service,
    kind: 'command',
    body: CreateTaskBody,
    success: { status: 201, body: Task },
    headers: ['Location', 'ETag'],
    problems: ['already_exists'],
  }),
  list: route('GET', '/v1/tasks', {
    summary: 'List your tasks, by page or by cursor',
    service,
    kind: 'read',
    query: ListTasksQuery,
    success: { status: 200, body: z.union([TaskPage, TaskCursorPage]) },
  }),
  stats: route('GET', '/v1/tasks/stats', {
    summary: 'Counts of your tasks',
    service,
    kind: 'read',
    success: { status: 200, body: TaskStats },
  }),
  get: route('GET', '/v1/tasks/{id}', {
    summary: 'Read a task',
    service,
    kind: 'read',
    params,
    success: { status: 200, body: Task },
    problems: ['not_found'],
  }),
  update: route('PATCH', '/v1/tasks/{id}', {
    summary: 'Change a task',
    service,
    kind: 'command',
    params,
    body: UpdateTaskBody,
    ifMatch: 'required',
    success: { status: 200, body: Task },
    headers: ['ETag'],
    problems: ['not_found', 'version_conflict'],
  }),
  delete: route('DELETE', '/v1/tasks/{id}', {
    summary: 'Delete a task',
    service,
    kind: 'command',
    params,
    ifMatch: 'required',
    success: { status: 204 },
    problems: ['not_found', 'version_conflict'],
  }),
  complete: route('POST', '/v1/tasks/{id}/complete', {
    summary: 'Mark a task as done',
    service,
    kind: 'command',
    params,
    ifMatch: 'optional',
    success: { status: 200, body: Task },
    headers: ['ETag'],
    problems: ['not_found', 'version_conflict'],
  }),
  reopen: route('POST', '/v1/tasks/{id}/reopen', {
    summary: 'Mark a done task as to do again',
    service,
    kind: 'command',
    params,
    ifMatch: 'optional',
    success: { status: 200, body: Task },
    headers: ['ETag'],
    problems: ['not_found', 'version_conflict'],
  }),
} as const;
