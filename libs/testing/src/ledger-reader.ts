import { setTimeout as sleep } from 'node:timers/promises';
import type {
  Notification,
  NotificationList,
  Operation,
  TaskCursorPage,
  UserAnalytics,
} from '@taskwire/contracts';
import type { z } from 'zod';
import { fewAtATime } from './few-at-a-time.js';
import type { ClientRecord, CommandRecord, FeedEntry, StoredRecord, StoredTask } from './ledger.js';

/** Time that one read may take, repeats included. */
const LIMIT_MS = 30_000;
/** Reads under way at a time: more would only wait for each other, within the gateway's deadline. */
const AT_ONCE = 4;
/** Where an answer that leaves it open doesn't say when to ask again. */
const PAUSE_MS = 500;

/** An account whose tasks, notifications and statistics are read over the public API. */
export interface Account {
  readonly userId: string;
  /** An access token of it. */
  readonly token: string;
  /** Sent with each read, for example to be exempt from rate limits. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Reads how the operations stand that were left open. */
export async function readOperations(
  api: string,
  account: Account,
  record: ClientRecord,
): Promise<ClientRecord> {
  const settled = async <Command extends CommandRecord>(command: Command): Promise<Command> => {
    // One that its client could not read is without an end already.
    if (command.operation === null || command.operation === 'pending') return command;
    const operation = await read<Operation>(`${api}${command.operation}`, account);
    return { ...command, operation: operation.status };
  };
  const creates = await fewAtATime(AT_ONCE, record.creates, async (create) => {
    const { changes } = create;
    return {
      ...(await settled(create)),
      ...(changes && { changes: await fewAtATime(1, changes, settled) }),
    };
  });
  return { ...record, creates };
}

/** What the public API says of each account's tasks, notifications and statistics. Tasks are named by their titles. */
export function readStored(api: string, accounts: readonly Account[]): Promise<StoredRecord[]> {
  return fewAtATime(AT_ONCE, accounts, async (account) => ({
    owner: account.userId,
    tasks: await storedTasks(api, account),
    ...(await storedFeed(api, account)),
    ...(await countedByDay(api, account)),
  }));
}

async function storedTasks(api: string, account: Account): Promise<StoredTask[]> {
  const tasks: StoredTask[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: z.output<typeof TaskCursorPage> = await read(
      `${api}/v1/tasks?limit=100&sort=createdAt&cursor=${encodeURIComponent(cursor)}`,
      account,
    );
    tasks.push(...page.tasks.map(({ title, ...task }) => ({ ...task, id: title })));
    cursor = page.nextCursor;
  }
  return tasks;
}

async function storedFeed(api: string, account: Account): Promise<Pick<StoredRecord, 'feed' | 'welcomes'>> {
  const newestFirst: FeedEntry[] = [];
  let before: number | null = null;
  do {
    const query: string = before === null ? '' : `&before=${before}`;
    const page: z.output<typeof NotificationList> = await read(
      `${api}/v1/notifications?limit=100${query}`,
      account,
    );
    newestFirst.push(...page.notifications.map(entryOf));
    before = page.nextBefore;
  } while (before !== null);
  const [welcomes, feed] = [
    newestFirst.filter(({ kind }) => kind === 'welcome'),
    newestFirst.filter(({ kind }) => kind !== 'welcome').reverse(),
  ];
  return { feed, welcomes: welcomes.length };
}

/** An entry is made with its id, whose first 48 bits are the time (UUIDv7); its own time is that of its cause. */
function entryOf({ id, kind, title }: Notification): FeedEntry {
  const at = new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16));
  return { kind, taskId: title, at: at.toISOString() };
}

async function countedByDay(
  api: string,
  account: Account,
): Promise<Pick<StoredRecord, 'counted' | 'completed'>> {
  const { byDay } = await read<z.output<typeof UserAnalytics>>(`${api}/v1/analytics/me`, account);
  return {
    counted: Object.fromEntries(byDay.map(({ day, created }) => [day, created])),
    completed: Object.fromEntries(byDay.map(({ day, completed }) => [day, completed])),
  };
}

/** Asks again when a service is away or late for the moment, as the API page tells clients to. */
async function read<T>(url: string, account: Account): Promise<T> {
  const end = performance.now() + LIMIT_MS;
  for (;;) {
    const response = await fetch(url, {
      headers: { ...account.headers, authorization: `Bearer ${account.token}` },
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    if (response.ok) return (await response.json()) as T;
    const problem = `${url} answered ${response.status}: ${await response.text()}`;
    const pauseMs = Number(response.headers.get('retry-after')) * 1_000 || PAUSE_MS;
    const isOpen = response.status === 503 || response.status === 504;
    if (!isOpen || performance.now() + pauseMs > end) throw new Error(problem);
    await sleep(pauseMs);
  }
}
