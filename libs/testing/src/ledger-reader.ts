import { setTimeout as sleep } from 'node:timers/promises';
import type { NotificationList, Operation, TaskCursorPage, UserAnalytics } from '@taskwire/contracts';
import type { z } from 'zod';
import type { ClientRecord, StoredRecord } from './ledger.js';

/** Time that one read may take, repeats included. */
const LIMIT_MS = 30_000;

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
  const creates = await Promise.all(
    record.creates.map(async (create) => {
      if (create.operation === null) return create;
      const operation = await read<Operation>(`${api}${create.operation}`, account);
      return { ...create, operation: operation.status };
    }),
  );
  return { ...record, creates };
}

/** What the public API says of an account's tasks, notifications and statistics. Tasks are named by their titles. */
export async function readStored(api: string, account: Account): Promise<StoredRecord> {
  const [tasks, notified, analytics] = await Promise.all([
    taskTitles(api, account),
    createdNotifications(api, account),
    read<z.output<typeof UserAnalytics>>(`${api}/v1/analytics/me`, account),
  ]);
  return { owner: account.userId, tasks, notified, counted: analytics.tasksCreated };
}

async function taskTitles(api: string, account: Account): Promise<string[]> {
  const tasks: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: z.output<typeof TaskCursorPage> = await read(
      `${api}/v1/tasks?limit=100&sort=createdAt&cursor=${encodeURIComponent(cursor)}`,
      account,
    );
    tasks.push(...page.tasks.map((task) => task.title));
    cursor = page.nextCursor;
  }
  return tasks;
}

async function createdNotifications(api: string, account: Account): Promise<string[]> {
  const newestFirst: string[] = [];
  let before: number | null = null;
  do {
    const query: string = before === null ? '' : `&before=${before}`;
    const page: z.output<typeof NotificationList> = await read(
      `${api}/v1/notifications?limit=100${query}`,
      account,
    );
    const created = page.notifications.filter((entry) => entry.kind === 'task_created');
    newestFirst.push(...created.map((entry) => entry.title));
    before = page.nextBefore;
  } while (before !== null);
  return newestFirst.reverse();
}

/** Asks again when a service is away for the moment, as the answer's Retry-After tells clients to. */
async function read<T>(url: string, account: Account): Promise<T> {
  const end = performance.now() + LIMIT_MS;
  for (;;) {
    const response = await fetch(url, {
      headers: { ...account.headers, authorization: `Bearer ${account.token}` },
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    if (response.ok) return (await response.json()) as T;
    const problem = `${url} answered ${response.status}: ${await response.text()}`;
    const pauseMs = Number(response.headers.get('retry-after')) * 1_000;
    if (response.status !== 503 || performance.now() + pauseMs > end) throw new Error(problem);
    await sleep(pauseMs);
  }
}
