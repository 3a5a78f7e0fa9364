import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account, ClientRecord, CreateRecord } from '@taskwire/testing';
import { asClient, repeatUntil, still } from './requests.js';

/** What the clients of a run share: when to end, and how far they have come. */
export interface Load {
  readonly api: string;
  ended: boolean;
  /** Tasks of which a client knows what became of them. */
  settled: number;
}

/** Between two commands of a client: the machine also has processes to start. */
const PAUSE_MS = 20;

/** Creates tasks one after the other: each only when the outcome of the one before is known. */
export async function sequentialClient(load: Load, account: Account): Promise<ClientRecord> {
  const creates: CreateRecord[] = [];
  await createUntilEnd(load, account, creates);
  return { owner: account.userId, sequential: true, creates };
}

/** Creates tasks with as many under way at a time, so that consumers and relays have several of one owner in hand. */
export async function pipelinedClient(load: Load, account: Account, underWay: number): Promise<ClientRecord> {
  const creates: CreateRecord[] = [];
  await Promise.all(Array.from({ length: underWay }, () => createUntilEnd(load, account, creates)));
  return { owner: account.userId, sequential: false, creates };
}

/** Every third task without waiting for the answer, by its operation. */
async function createUntilEnd(load: Load, account: Account, creates: CreateRecord[]): Promise<void> {
  for (let n = 1; !load.ended; n += 1) {
    creates.push(await createTask(load.api, account, `task ${randomUUID()}`, n % 3 === 0));
    load.settled += 1;
    await sleep(PAUSE_MS);
  }
}

/**
 * Repeats the request with the same Idempotency-Key for as long as the answer leaves the outcome open, as the API page
 * tells clients to.
 */
async function createTask(
  api: string,
  account: Account,
  title: string,
  respondAsync: boolean,
): Promise<CreateRecord> {
  const client = asClient(account, {
    'idempotency-key': randomUUID(),
    // A reply that was lost with the process that would have sent it is not worth the usual wait.
    prefer: respondAsync ? 'respond-async' : 'wait=1',
  });
  let operation: string | null = null;
  return repeatUntil<CreateRecord>(`the outcome of creating ${title}`, async () => {
    const response = await client('POST', `${api}/v1/tasks`, { title });
    if (response?.status === 201) return { taskId: title, told: 'acknowledged', operation: null };
    if (response?.status === 202) operation = response.headers.get('location') ?? operation;
    if (!respondAsync || operation === null) return still(response);
    const read = await client('GET', `${api}${operation}`);
    if (read?.status !== 200 || (read.body as { status: string }).status === 'pending') return still(read);
    return { taskId: title, told: 'pending', operation };
  });
}
