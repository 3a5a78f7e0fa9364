import { setTimeout as sleep } from 'node:timers/promises';
import type { Account, ChangeRecord, ClientRecord, CreateRecord } from '@taskwire/testing';
import { type Command, type Outcome, settle } from './commands.ts';
import type { Random } from './random.ts';

/** What the clients of a run share: when to end, and how far they have come. */
export interface Load {
  readonly api: string;
  ended: boolean;
  /** Commands of which a client knows what became of them. */
  settled: number;
  /** What was answered to commands that were refused, or whose outcome was not to be had. */
  readonly complaints: string[];
}

/** Between two commands of a client: the machine also has processes to start. */
const PAUSE_MS = 60;

/** Creates, changes and completes tasks: each command only when the outcome of the one before is known. */
export async function sequentialClient(load: Load, account: Account, random: Random): Promise<ClientRecord> {
  const creates: CreateRecord[] = [];
  await workUntilEnd(load, account, random, creates);
  return { owner: account.userId, sequential: true, creates };
}

/** Works on as many tasks at a time, so that consumers and relays have several messages of one owner in hand. */
export async function pipelinedClient(
  load: Load,
  account: Account,
  underWay: readonly Random[],
): Promise<ClientRecord> {
  const creates: CreateRecord[] = [];
  await Promise.all(underWay.map((random) => workUntilEnd(load, account, random, creates)));
  return { owner: account.userId, sequential: false, creates };
}

async function workUntilEnd(
  load: Load,
  account: Account,
  random: Random,
  creates: CreateRecord[],
): Promise<void> {
  while (!load.ended) await workOnTask(load, account, random, creates);
}

/** Of some tasks their owner is reminded, soon enough to be waited for. */
const REMINDED = 1 / 4;
const REMIND_IN_MS = { from: 2_000, to: 8_000 };

/** Every other task is also changed, up to twice, and every other of those completed, unless it has a reminder to come. */
async function workOnTask(
  load: Load,
  account: Account,
  random: Random,
  creates: CreateRecord[],
): Promise<void> {
  const title = `task ${random.uuid()}`;
  const send = async (
    command: Pick<Command, 'method' | 'path' | 'body' | 'anyVersion'>,
  ): Promise<Outcome> => {
    const respondAsync = random.next() < 1 / 3;
    const outcome = await settle(load.api, account, { ...command, key: random.uuid(), respondAsync });
    if (outcome.told === 'refused' || outcome.result === null)
      load.complaints.push(`${command.method} ${command.path}: ${outcome.answer}`);
    load.settled += 1;
    await sleep(PAUSE_MS);
    return outcome;
  };
  const isReminded = random.next() < REMINDED;
  const remindIn = random.int(REMIND_IN_MS.from, REMIND_IN_MS.to);
  const remindAt = isReminded ? new Date(Date.now() + remindIn).toISOString() : null;
  const body = { title, remindAt };
  const { result, ...created } = await send({ method: 'POST', path: '/v1/tasks', body });
  const changes: ChangeRecord[] = [];
  creates.push({ taskId: title, told: created.told, operation: created.operation, changes });

  const id = (result as { id?: string } | null)?.id;
  if (id === undefined || random.next() < 1 / 2) return;
  for (let n = random.int(1, 2); n > 0; n -= 1) {
    const description = `change ${random.uuid()}`;
    const path = `/v1/tasks/${id}`;
    const { told, operation } = await send({
      method: 'PATCH',
      path,
      body: { description },
      anyVersion: true,
    });
    changes.push({ kind: 'task_updated', description, told, operation });
  }
  if (isReminded || random.next() < 1 / 2) return;
  const { told, operation } = await send({ method: 'POST', path: `/v1/tasks/${id}/complete` });
  changes.push({ kind: 'task_completed', description: null, told, operation });
}
