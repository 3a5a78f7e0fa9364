import type { Transaction } from '@taskwire/messaging';
import { unwrap } from '@taskwire/outbox';
import { type Prisma, type PrismaClient, TaskPriority } from '../generated/prisma/client.js';
import type { Task, TaskStatus } from './task.js';
import type { TaskFilter, TaskOrder, TaskPosition } from './task-listing.js';

export interface TaskCounts {
  readonly total: number;
  readonly byStatus: Readonly<Record<TaskStatus, number>>;
  readonly byPriority: Readonly<Record<TaskPriority, number>>;
  readonly overdue: number;
  readonly dueInside: number;
}

type Client = Prisma.TransactionClient;

/** Tasks in PostgreSQL. Every read and write names the owner, so that nobody reaches another's task. */
export class TaskStore {
  constructor(private readonly db: PrismaClient) {}

  /** Stores the tasks in one statement, and answers the ids of those whose id was free. */
  async add(tx: Transaction, tasks: readonly Task[]): Promise<Set<string>> {
    const added = await unwrap<Client>(tx).$queryRaw<{ id: string }[]>`
      INSERT INTO tasks (id, owner_id, title, description, status, priority, due_at, remind_at, labels,
                         version, created_at, updated_at, completed_at)
      SELECT id, "ownerId", title, description, status, priority, "dueAt", "remindAt", labels,
             version, "createdAt", "updatedAt", "completedAt"
      FROM jsonb_to_recordset(${JSON.stringify(tasks)}::jsonb) AS task(
        id uuid, "ownerId" uuid, title text, description text, status "TaskStatus", priority "TaskPriority",
        "dueAt" timestamptz, "remindAt" timestamptz, labels text[],
        version int, "createdAt" timestamptz, "updatedAt" timestamptz, "completedAt" timestamptz)
      ON CONFLICT (id) DO NOTHING
      RETURNING id`;
    return new Set(added.map(({ id }) => id));
  }

  /** The owner's task, locked until the transaction ends. */
  async findForChange(tx: Transaction, ownerId: string, id: string): Promise<Task | null> {
    await unwrap<Client>(tx).$queryRaw`SELECT id FROM tasks WHERE id = ${id}::uuid FOR UPDATE`;
    return unwrap<Client>(tx).task.findFirst({ where: { id, ownerId } });
  }

  async save(tx: Transaction, { id, ownerId, ...task }: Task): Promise<void> {
    const data = { ...task, labels: [...task.labels] };
    await unwrap<Client>(tx).task.update({ where: { id, ownerId }, data, select: { id: true } });
  }

  async remove(tx: Transaction, { id, ownerId }: Task): Promise<void> {
    await unwrap<Client>(tx).task.delete({ where: { id, ownerId }, select: { id: true } });
  }

  async removeAll(tx: Transaction, ownerId: string): Promise<void> {
    await unwrap<Client>(tx).task.deleteMany({ where: { ownerId } });
  }

  find(ownerId: string, id: string): Promise<Task | null> {
    return this.db.task.findFirst({ where: { id, ownerId } });
  }

  count(ownerId: string, filter: TaskFilter): Promise<number> {
    return this.db.task.count({ where: matching(ownerId, filter) });
  }

  list(
    ownerId: string,
    filter: TaskFilter,
    order: TaskOrder,
    { skip, take }: { skip: number; take: number },
  ): Promise<Task[]> {
    return this.db.task.findMany({
      where: matching(ownerId, filter),
      orderBy: orderBy(order),
      skip,
      take,
    });
  }

  /** The tasks behind a position, or from the start. Stays right while others are added. */
  listAfter(
    ownerId: string,
    filter: TaskFilter,
    order: TaskOrder,
    position: TaskPosition | null,
    take: number,
  ): Promise<Task[]> {
    const where = matching(ownerId, filter);
    const rest = position === null ? where : { AND: [where, behind(position, order.direction)] };
    return this.db.task.findMany({ where: rest, orderBy: orderBy(order), take });
  }

  /** `dueInside`: open tasks due from `from` until before `until`; `overdue`: open ones due before `now`. */
  async counts(ownerId: string, now: Date, from: Date, until: Date): Promise<TaskCounts> {
    const [row] = await this.db.$queryRaw<[Record<string, number>]>`
      SELECT count(*)::int AS total,
        count(*) FILTER (WHERE status = 'todo')::int AS todo,
        count(*) FILTER (WHERE status = 'in_progress')::int AS in_progress,
        count(*) FILTER (WHERE status = 'done')::int AS done,
        count(*) FILTER (WHERE priority = 'low')::int AS low,
        count(*) FILTER (WHERE priority = 'medium')::int AS medium,
        count(*) FILTER (WHERE priority = 'high')::int AS high,
        count(*) FILTER (WHERE priority = 'urgent')::int AS urgent,
        count(*) FILTER (WHERE status <> 'done' AND due_at < ${now})::int AS overdue,
        count(*) FILTER (WHERE status <> 'done' AND due_at >= ${from} AND due_at < ${until})::int AS due_inside
      FROM tasks WHERE owner_id = ${ownerId}::uuid`;
    const { total = 0, overdue = 0, due_inside: dueInside = 0, ...by } = row;
    const { todo = 0, in_progress = 0, done = 0, low = 0, medium = 0, high = 0, urgent = 0 } = by;
    return {
      total,
      byStatus: { todo, in_progress, done },
      byPriority: { low, medium, high, urgent },
      overdue,
      dueInside,
    };
  }
}

function matching(
  ownerId: string,
  { status, priority, label, q, dueBefore }: TaskFilter,
): Prisma.TaskWhereInput {
  const words = q?.split(/\s+/) ?? [];
  return {
    ownerId,
    status,
    priority,
    labels: label === undefined ? undefined : { has: label },
    dueAt: dueBefore === undefined ? undefined : { lt: dueBefore },
    AND: words.map((word) => ({ OR: [{ title: containing(word) }, { description: containing(word) }] })),
  };
}

// Prisma makes an ILIKE pattern of it without escaping.
function containing(word: string): Prisma.StringFilter {
  return { contains: word.replaceAll(/[\\%_]/g, String.raw`\$&`), mode: 'insensitive' };
}

function orderBy({ field, direction }: TaskOrder): Prisma.TaskOrderByWithRelationInput[] {
  const first =
    field === 'dueAt' ? { dueAt: { sort: direction, nulls: 'last' as const } } : { [field]: direction };
  return [first, { id: direction }];
}

function behind(position: TaskPosition, direction: TaskOrder['direction']): Prisma.TaskWhereInput {
  const { field, value, id } = position;
  const further = direction === 'asc' ? 'gt' : 'lt';
  const tied = { [field]: value, id: { [further]: id } };
  if (value === null) return tied;

  const beyond = field === 'priority' ? { in: prioritiesBeyond(value, direction) } : { [further]: value };
  const undated = field === 'dueAt' ? [{ dueAt: null }] : [];
  const rest = { OR: [{ [field]: beyond }, tied, ...undated] };
  // Says nothing new, but is a range that an index can start from.
  return field === 'createdAt' ? { ...rest, createdAt: { [`${further}e`]: value } } : rest;
}

function prioritiesBeyond(priority: TaskPriority, direction: TaskOrder['direction']): TaskPriority[] {
  const ascending = Object.values(TaskPriority);
  const place = ascending.indexOf(priority);
  return direction === 'asc' ? ascending.slice(place + 1) : ascending.slice(0, place);
}
