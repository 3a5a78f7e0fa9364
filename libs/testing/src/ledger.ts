/** What one sequential client did, in its order: it waited for each answer before it sent the next command. */
export interface ClientRecord {
  readonly owner: string;
  readonly creates: readonly CreateRecord[];
}

export interface CreateRecord {
  readonly taskId: string;
  /**
   * What the client was told. `acknowledged`: 201. `pending`: 202, to be settled by its operation. `unknown`: 504 or a
   * broken connection, it may have run. `refused`: a 4xx or 503, it must not have run.
   */
  readonly told: 'acknowledged' | 'pending' | 'unknown' | 'refused';
  /** How its operation stood when all was quiet; null where the client got no operation. */
  readonly operation: string | null;
}

/** What the platform's public interfaces say of an owner when all is quiet. */
export interface StoredRecord {
  readonly owner: string;
  /** Ids of the tasks that the task service lists. */
  readonly tasks: readonly string[];
  /** Task ids of the `task_created` notifications, oldest first. */
  readonly notified: readonly string[];
  /** Created tasks that analytics counted. */
  readonly counted: number;
}

/** One thing that is not as the promises say. */
export interface Finding {
  readonly owner: string;
  readonly kind: 'lost' | 'doubled' | 'swapped' | 'uninvited' | 'unended';
  readonly where: 'tasks' | 'notifications' | 'analytics' | 'operations';
  readonly detail: string;
}

/**
 * Compares what clients were told with what is stored: every acknowledged command exactly once in every store, in the
 * client's order, nothing that was refused, every operation ended. Empty when all promises were kept.
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
      ...checkOperations(client),
    ];
  });
}

function checkTasks(client: ClientRecord, record: StoredRecord): Finding[] {
  const known = new Map(client.creates.map((create) => [create.taskId, create]));
  const strangers = record.tasks.filter((id) => !known.has(id));
  const refused = record.tasks.filter((id) => ranAgainstItsWord(known.get(id)));
  return [
    ...promised(client)
      .filter((id) => !record.tasks.includes(id))
      .map((id) => finding(client.owner, 'lost', 'tasks', id)),
    ...repeatsOf(record.tasks).map((id) => finding(client.owner, 'doubled', 'tasks', id)),
    ...[...strangers, ...refused].map((id) => finding(client.owner, 'uninvited', 'tasks', id)),
  ];
}

function checkNotifications(client: ClientRecord, record: StoredRecord): Finding[] {
  const lost = record.tasks.filter((id) => !record.notified.includes(id));
  const repeats = repeatsOf(record.notified);
  const order = new Map(client.creates.map((create, index) => [create.taskId, index]));
  const swapped = record.notified.filter((id, index) => {
    const before = record.notified[index - 1];
    return before !== undefined && before !== id && (order.get(before) ?? -1) > (order.get(id) ?? -1);
  });
  return [
    ...lost.map((id) => finding(client.owner, 'lost', 'notifications', id)),
    ...repeats.map((id) => finding(client.owner, 'doubled', 'notifications', id)),
    ...swapped.map((id) => finding(client.owner, 'swapped', 'notifications', `${id} after a later one`)),
  ];
}

function checkAnalytics(record: StoredRecord): Finding[] {
  if (record.counted === record.tasks.length) return [];
  const kind = record.counted < record.tasks.length ? 'lost' : 'doubled';
  return [
    finding(record.owner, kind, 'analytics', `${record.counted} counted, ${record.tasks.length} stored`),
  ];
}

function checkOperations(client: ClientRecord): Finding[] {
  return client.creates
    .filter((create) => create.operation === 'pending')
    .map((create) => finding(client.owner, 'unended', 'operations', create.taskId));
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
