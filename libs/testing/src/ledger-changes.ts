import type {
  ChangeRecord,
  ClientRecord,
  CommandRecord,
  Finding,
  StoredRecord,
  StoredTask,
} from './ledger.js';
import { isReminder } from './ledger-reminders.js';

/**
 * Each acknowledged change once and in order, in the task and in the owner's feed: a task's version counts its changes, and
 * what was set last is what it says.
 */
export function checkChanges(client: ClientRecord, { tasks, feed }: StoredRecord): Finding[] {
  const stored = new Map(tasks.map((task) => [task.id, task]));
  // When a reminder is given, its client doesn't decide.
  const entries = Map.groupBy(
    feed.filter((entry) => !isReminder(entry)),
    ({ taskId }) => taskId,
  );
  return client.creates.flatMap(({ taskId, changes = [] }) => {
    const task = stored.get(taskId);
    // One that is lost is found as a task.
    if (!task) return [];
    const kinds = (entries.get(taskId) ?? []).map(({ kind }) => kind);
    return [...checkTask(changes, task), ...checkFeed(kinds, task)].map((found) => ({
      ...found,
      owner: client.owner,
    }));
  });
}

type Found = Omit<Finding, 'owner'>;

function checkTask(changes: readonly ChangeRecord[], task: StoredTask): Found[] {
  const found = (kind: Finding['kind'], detail: string): Found[] => [
    { kind, where: 'tasks', detail: `${task.id}: ${detail}` },
  ];
  const promised = changes.filter(isPromised);
  const possible = changes.filter((change) => isPromised(change) || change.told === 'unknown');
  const made = task.version - 1;
  if (made < promised.length) return found('lost', `${made} changes stored, ${promised.length} acknowledged`);
  if (made > possible.length) return found('doubled', `${made} changes stored, ${possible.length} asked for`);
  if (possible.length > promised.length) return [];
  const description = promised.findLast(({ kind }) => kind === 'task_updated')?.description ?? null;
  if (task.description !== description) return found('swapped', `${task.description} after ${description}`);
  const isCompleted = promised.some(({ kind }) => kind === 'task_completed');
  return isCompleted === (task.completedAt !== null) ? [] : found('lost', 'its completion');
}

/** What the feed should say follows from the task as it is stored. */
function checkFeed(kinds: readonly string[], task: StoredTask): Found[] {
  const completions = task.completedAt === null ? 0 : 1;
  const expected = { task_updated: task.version - 1 - completions, task_completed: completions };
  const counts = Object.entries(expected).flatMap(([kind, made]): Found[] => {
    const seen = kinds.filter((one) => one === kind).length;
    if (seen === made) return [];
    const detail = `${task.id}: ${seen} ${kind} of ${made}`;
    return [{ kind: seen < made ? 'lost' : 'doubled', where: 'notifications', detail }];
  });
  const ranks = kinds.map((kind) => RANKS.indexOf(kind));
  const isSwapped = ranks.some((rank, index) => index > 0 && rank < (ranks[index - 1] ?? 0));
  return isSwapped
    ? [...counts, { kind: 'swapped', where: 'notifications', detail: `${task.id}: ${kinds.join(', ')}` }]
    : counts;
}

/** In the order in which a client does them. */
const RANKS = ['task_created', 'task_updated', 'task_completed'];

function isPromised({ told, operation }: CommandRecord): boolean {
  return told === 'acknowledged' || operation === 'done';
}
