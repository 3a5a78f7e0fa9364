import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Account,
  checkLedger,
  type ClientRecord,
  type CommandRecord,
  type Finding,
  type Lateness,
  latenessIn,
  readOperations,
  readStored,
  type StoredRecord,
} from '@taskwire/testing';
import { newcomers, profileFindings, type ProfileRecord, register, renamingClient } from './accounts.ts';
import { type Load, pipelinedClient, sequentialClient } from './clients.ts';
import type { Deployment } from './deployment.ts';
import { type Kill, killRepeatedly, Pace } from './kills.ts';
import { seeded } from './random.ts';
import type { Victim } from './victims.ts';
import { openReceiver, type Receiver } from './webhooks.ts';
import type { Weather } from './weather.ts';

const SEQUENTIAL_CLIENTS = 6;
const PIPELINED_CLIENTS = 2;
const PIPELINE = 6;
const RENAMING_CLIENTS = 2;
const SETTLE_LIMIT_MS = 15_000;
/** One that a dead process was delivering is taken up after its lease. */
const WEBHOOKS_LIMIT_MS = 60_000;

export interface RoundPlan {
  /** What everything random of the round comes from. */
  readonly seed: string;
  readonly victims: readonly Victim[];
  /** Faults besides kills. */
  readonly weather?: () => Weather;
  /** How long to wait for what is missing, in ms. Default 15,000: RabbitMQ doesn't show what a consumer has in hand. */
  readonly settleMs?: number;
  /** Whether two accounts have webhooks. What a dead process was delivering comes when its lease has ended. Default false. */
  readonly webhooks?: boolean;
}

export interface RoundResult {
  readonly kills: readonly Kill[];
  /** How often each fault besides kills was made. */
  readonly faults: Readonly<Record<string, number>>;
  readonly attempted: number;
  /** By an answer or by an operation. */
  readonly acknowledged: number;
  /** Of these, those that were settled by their operation. */
  readonly byOperation: number;
  /** Commands that were told to be refused, failed or expired: none should be. */
  readonly refused: number;
  readonly findings: readonly Finding[];
  /** How late each reminder was, in ms: after its time, or after the last kill before it was given if that came later. */
  readonly remindersLateMs: readonly number[];
  /** What was answered where a command was not done. */
  readonly complaints: readonly string[];
}

/** Clients at work while processes are killed, then what they were told compared with what is stored. */
export async function runRound(deployment: Deployment, plan: RoundPlan): Promise<RoundResult> {
  const receiver = await openReceiver();
  try {
    return await workAndCheck(deployment, plan, receiver);
  } finally {
    await receiver.close();
  }
}

async function workAndCheck(
  deployment: Deployment,
  plan: RoundPlan,
  receiver: Receiver,
): Promise<RoundResult> {
  const { api } = deployment;
  const registered = (count: number, name: string) =>
    Promise.all(Array.from({ length: count }, (_, n) => register(api, `${name}${n}`)));
  const one = await registered(SEQUENTIAL_CLIENTS, 'sequential');
  const many = await registered(PIPELINED_CLIENTS, 'pipelined');
  const renaming = await registered(RENAMING_CLIENTS, 'renaming');
  const subscribed = plan.webhooks ? [...one.slice(0, 1), ...many.slice(0, 1)] : [];
  for (const account of subscribed) await receiver.subscribe(api, account);

  const load: Load = { api, ended: false, settled: 0, complaints: [] };
  const random = (name: string) => seeded(`${plan.seed}/${name}`);
  const several = (n: number) => Array.from({ length: PIPELINE }, (_, m) => random(`pipelined${n}/${m}`));
  const creating = Promise.all([
    ...one.map((account, n) => sequentialClient(load, account, random(`sequential${n}`))),
    ...many.map((account, n) => pipelinedClient(load, account, several(n))),
  ]);
  const renamed = Promise.all(
    renaming.map((account, n) => renamingClient(load, account, random(`renaming${n}`))),
  );
  const clients = Promise.all([creating, renamed, newcomers(load)]);
  const weather = plan.weather?.();
  const pace = new Pace(load);
  let kills: readonly Kill[];
  try {
    kills = await Promise.race([
      Promise.all(plan.victims.map((victim) => killRepeatedly(deployment, victim, pace))).then((all) =>
        all.flat(),
      ),
      // Only when a client fails, or a fault can't be mended.
      clients.then(() => new Promise<never>(() => undefined)),
      ...(weather ? [weather.failed] : []),
    ]);
  } finally {
    load.ended = true;
    await weather?.end();
  }
  const [records, profiles, strangers] = await clients;
  // What doesn't come to rest by itself has no end, and what it left undone shows below.
  const left = await deployment.quiet();
  const unrest = left === null ? [] : [unended('operations', left)];

  const accounts = [...one, ...many];
  const settled: ClientRecord[] = [];
  for (const [n, record] of records.entries())
    settled.push(await readOperations(api, accounts[n] as Account, record));
  const idle = [...renaming, ...strangers];
  const all = [...settled, ...idle.map(({ userId: owner }) => ({ owner, sequential: true, creates: [] }))];
  const { findings, stored } = await settledFindings(
    api,
    [...accounts, ...idle],
    all,
    receiver,
    plan.settleMs,
  );
  return {
    kills,
    faults: weather?.counts ?? {},
    ...totals(settled, profiles),
    findings: [...unrest, ...findings, ...unanswered(settled), ...(await profileFindings(api, profiles))],
    remindersLateMs: stored.flatMap(latenessIn).map((reminder) => lateMs(reminder, kills)),
    complaints: load.complaints,
  };
}

function lateMs({ dueAt, at }: Lateness, kills: readonly Kill[]): number {
  return at - Math.max(dueAt, ...kills.map((kill) => kill.at).filter((killedAt) => killedAt < at));
}

function unended(where: Finding['where'], detail: string, owner = 'all'): Finding {
  return { owner, kind: 'unended', where, detail };
}

/** Commands of which the client never got so much as an operation. */
function unanswered(clients: readonly ClientRecord[]): Finding[] {
  return clients.flatMap(({ owner, creates }) =>
    creates.flatMap(({ taskId, changes = [], ...create }) =>
      [create, ...changes]
        .filter(({ told }) => told === 'unknown')
        .map(() => unended('operations', `no answer about ${taskId}`, owner)),
    ),
  );
}

function totals(
  clients: readonly ClientRecord[],
  profiles: readonly ProfileRecord[],
): Pick<RoundResult, 'attempted' | 'acknowledged' | 'byOperation' | 'refused'> {
  const commands: CommandRecord[] = clients
    .flatMap(({ creates }) => creates)
    .flatMap(({ changes = [], ...create }) => [create, ...changes]);
  const byOperation = commands.filter(({ operation }) => operation === 'done').length;
  return {
    attempted: commands.length,
    acknowledged: commands.filter(({ told }) => told === 'acknowledged').length + byOperation,
    byOperation,
    refused: commands.filter(isRefused).length + profiles.filter(({ open }) => open === 'refused').length,
  };
}

function isRefused({ told, operation }: CommandRecord): boolean {
  return told === 'refused' || (operation !== null && !['done', 'pending'].includes(operation));
}

/** Reads the stores again until nothing is missing, or time is up. */
async function settledFindings(
  api: string,
  accounts: readonly Account[],
  clients: readonly ClientRecord[],
  receiver: Receiver,
  limitMs = SETTLE_LIMIT_MS,
): Promise<{ findings: Finding[]; stored: StoredRecord[] }> {
  const start = performance.now();
  for (;;) {
    const stored = await readStored(api, accounts);
    const unsent = receiver.check(stored);
    const findings = [...checkLedger(clients, stored), ...unsent];
    const missing = findings.filter(({ kind }) => kind === 'lost');
    const isUnsentOnly = limitMs > 0 && missing.every(({ where }) => where === 'webhooks');
    const limit = isUnsentOnly ? WEBHOOKS_LIMIT_MS : limitMs;
    if (missing.length === 0 || performance.now() - start > limit) return { findings, stored };
    await sleep(500);
  }
}
