import { checkChanges } from './ledger-changes.js';
import { checkReminders } from './ledger-reminders.js';

/** What one client did, in its order. */
export interface ClientRecord {
  readonly owner: string;
  /** It knew the outcome of each command before it sent the next. Only then do the commands have an order to keep. */
  readonly sequential: boolean;
  readonly creates: readonly CreateRecord[];
}

/** How a command went, as far as its client knows. */
export interface CommandRecord {
  /**
   * What the client was told. `acknowledged`: 201. `pending`: 202, to be settled by its operation. `unknown`: 504 or a
   * broken connection, it may have run. `refused`: a 4xx or 503, it must not have run.
   */
  readonly told: 'acknowledged' | 'pending' | 'unknown' | 'refused';
  /** How its operation stood when all was quiet; null where the client got no operation. */
  readonly operation: string | null;
}

export interface CreateRecord extends CommandRecord {
  readonly taskId: string;
  /** What the client then did to the task, each when the outcome of the one before was known. Default: nothing. */
  readonly changes?: readonly ChangeRecord[];
}

export interface ChangeRecord extends CommandRecord {
  readonly kind: 'task_updated' | 'task_completed';
  /** What an update set; null for a completion. */
  readonly description: string | null;
}

/** What the platform's public interfaces say of an owner when all is quiet. */
export interface StoredRecord {
  readonly owner: string;
  /** The tasks that the task service lists, in the order of their `createdAt`. */
  readonly tasks: readonly StoredTask[];
  /** Notifications about tasks, oldest first. */
  readonly feed: readonly FeedEntry[];
  /** Notifications that welcome a new account. */
  readonly welcomes: number;
  /**
   * Created tasks that analytics counted, by UTC day. It keeps numbers, not tasks: one event lost and another counted twice
   * of the same owner on the same day are not seen here.
   */
  readonly counted: Readonly<Record<string, number>>;
  /** Completed tasks that analytics counted, by UTC day. */
  readonly completed: Readonly<Record<string, number>>;
}

export interface StoredTask {
  readonly id: string;
  readonly createdAt: string;
  readonly completedAt: string | null;
  readonly description: string | null;
  /** When its owner wants to be reminded of it. */
  readonly remindAt: string | null;
  /** 1, and one more for each change. */
  readonly version: number;
}

export interface FeedEntry {
  readonly taskId: string;
  /** Of a notification, `task_created` for example. */
  readonly kind: string;
  /** When it was put into the feed, as an ISO string. */
  readonly at: string;
}

/** One thing that is not as the promises say. */
export interface Finding {
  readonly owner: string;
  readonly kind: 'lost' | 'doubled' | 'swapped' | 'uninvited' | 'unended';
  readonly where: 'tasks' | 'notifications' | 'analytics' | 'operations' | 'profiles' | 'webhooks';
  readonly detail: string;
}

/**
 * Compares what clients were told with what is stored: every acknowledged command exactly once in every store, in the
 * order of a sequential client, nothing that was refused, every operation ended, every reminder given. Empty when all
 * promises were kept.
 */
export function checkLedger(clients: readonly ClientRecord[], stored: readonly StoredRecord[]): Finding[] {
  const byOwner = new Map(stored.map((record) => [record.owner, record]));
  return clients.flatMap((client) => {
    const record = byOwner.get(client.owner);
    if (!record) return [finding(client.owner, 'lost', 'tasks', 'nothing is stored for this owner')];
    return [
      ...checkTasks(client, record),
      ...checkNotifications(client, record),
      ...checkAnalytics(record),
      ...checkChanges(client, record),
      ...checkReminders(client, record),
      ...checkOperations(client),
    ];
  });
}

function checkTasks(client: ClientRecord, record: StoredRecord): Finding[] {
  const known = new Map(client.creates.map((create) => [create.taskId, create]));
  const ids = record.tasks.map(({ id }) => id);
  const strangers = ids.filter((id) => !known.has(id));
  const refused = ids.filter((id) => ranAgainstItsWord(known.get(id)));
  // Tasks of one millisecond are listed in any order.
  const apart = record.tasks.filter((task, index) => task.createdAt !== record.tasks[index - 1]?.createdAt);
  const inOrder = apart.map(({ id }) => id);
  return [
    ...promised(client)
      .filter((id) => !ids.includes(id))
      .map((id) => finding(client.owner, 'lost', 'tasks', id)),
    ...repeatsOf(ids).map((id) => finding(client.owner, 'doubled', 'tasks', id)),
    ...swapsIn(inOrder, client).map((id) =>
      finding(client.owner, 'swapped', 'tasks', `${id} after a later one`),
    ),
    ...[...strangers, ...refused].map((id) => finding(client.owner, 'uninvited', 'tasks', id)),
  ];
}

function checkNotifications(client: ClientRecord, record: StoredRecord): Finding[] {
  const notified = record.feed.filter(({ kind }) => kind === 'task_created').map(({ taskId }) => taskId);
  const lost = record.tasks.filter(({ id }) => !notified.includes(id));
  return [
    ...(record.welcomes === 0 ? [finding(client.owner, 'lost', 'notifications', 'welcome')] : []),
    ...(record.welcomes > 1 ? [finding(client.owner, 'doubled', 'notifications', 'welcome')] : []),
    ...lost.map(({ id }) => finding(client.owner, 'lost', 'notifications', id)),
    ...repeatsOf(notified).map((id) => finding(client.owner, 'doubled', 'notifications', id)),
    ...swapsIn(notified, client).map((id) =>
      finding(client.owner, 'swapped', 'notifications', `${id} after a later one`),
    ),
  ];
}

/** Those that come after a later one of the client. Where the client was told nothing, it didn't wait either. */
function swapsIn(ids: readonly string[], client: ClientRecord): string[] {
  if (!client.sequential) return [];
  const place = new Map(client.creates.map(({ taskId }, index) => [taskId, index]));
  const open = new Set(client.creates.filter(({ told }) => told === 'unknown').map(({ taskId }) => taskId));
  const placed = ids.filter((id) => place.has(id) && !open.has(id));
  return placed.filter((id, index) => {
    const before = placed[index - 1];
    return before !== undefined && (place.get(before) ?? 0) > (place.get(id) ?? 0);
  });
}

function checkAnalytics({ owner, tasks, counted, completed }: StoredRecord): Finding[] {
  const days = (instants: readonly string[]) => instants.map((instant) => instant.slice(0, 10));
  const created = days(tasks.map(({ createdAt }) => createdAt));
  const ended = days(tasks.flatMap(({ completedAt }) => completedAt ?? []));
  return [
    ...checkCounts(owner, created, counted, 'counted'),
    ...checkCounts(owner, ended, completed, 'counted as completed'),
  ];
}

function checkCounts(
  owner: string,
  stored: readonly string[],
  counts: Readonly<Record<string, number>>,
  what: string,
): Finding[] {
  const days = [...new Set([...stored, ...Object.keys(counts)])].sort();
  return days.flatMap((day) => {
    const [made, seen] = [stored.filter((one) => one === day).length, counts[day] ?? 0];
    if (made === seen) return [];
    const kind = seen < made ? 'lost' : 'doubled';
    return [finding(owner, kind, 'analytics', `${seen} ${what}, ${made} stored on ${day}`)];
  });
}

function checkOperations(client: ClientRecord): Finding[] {
  return client.creates.flatMap(({ taskId, changes = [], ...create }) =>
    [create, ...changes]
      .filter(({ operation }) => operation === 'pending')
      .map(() => finding(client.owner, 'unended', 'operations', taskId)),
  );
}

/** The client was told that it was not, and will not be, done. */
function ranAgainstItsWord(create: CreateRecord | undefined): boolean {
  if (!create) return false;
  return (
    create.told === 'refused' ||
    ['rejected', 'failed', 'expired', 'cancelled'].includes(create.operation ?? '')
  );
}

/** What must be stored: what was acknowledged, by an answer or by its operation. */
function promised(client: ClientRecord): string[] {
  return client.creates
    .filter((create) => create.told === 'acknowledged' || create.operation === 'done')
    .map((create) => create.taskId);
}

function repeatsOf(ids: readonly string[]): string[] {
  return [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index))];
}

function finding(owner: string, kind: Finding['kind'], where: Finding['where'], detail: string): Finding {
  return { owner, kind, where, detail };
}
