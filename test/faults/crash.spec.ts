import { afterAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Account,
  checkLedger,
  type ClientRecord,
  type Finding,
  readOperations,
  readStored,
} from '@taskwire/testing';
import { brokers, type BusName } from '../buses.js';
import { register, sequentialClient } from './clients.js';
import { type App, type Deployment, deploy, SHORTENED } from './deployment.js';
import { until } from './processes.js';

const IN_HANDLER = 'taskwire.handler.finished';
const BEFORE_REPLY = 'taskwire.batch.committed';
const BEFORE_ACKNOWLEDGEMENT = 'taskwire.batch.replied';
const BEFORE_SENDING = 'taskwire.relay.sending';
const BEFORE_DELETING = 'taskwire.relay.sent';
const CONSUMING = [IN_HANDLER, BEFORE_REPLY, BEFORE_ACKNOWLEDGEMENT];
const RELAYING = [BEFORE_SENDING, BEFORE_DELETING];

const CLIENTS = 6;
/** For one kill: reach the point with work in hand, end, start again, be ready. */
const KILL_LIMIT_MS = 45_000;
const SETTLE_LIMIT_MS = 15_000;

interface Victim {
  /** The process that ends. */
  readonly process: string;
  /** The app whose readiness shows that it is back. */
  readonly app: App;
  readonly points: readonly string[];
  readonly kills: number;
}

const FIVE: readonly Victim[] = [
  { process: 'task', app: 'task', points: [...CONSUMING, ...RELAYING], kills: 15 },
  { process: 'notification', app: 'notification', points: [...CONSUMING, ...RELAYING], kills: 10 },
  { process: 'analytics', app: 'analytics', points: CONSUMING, kills: 6 },
  { process: 'auth', app: 'auth', points: RELAYING, kills: 4 },
];
const ONE: readonly Victim[] = [
  { process: 'platform', app: 'gateway', points: [...CONSUMING, ...RELAYING], kills: 15 },
];
/** On each broker, what differs from one bus to the other: mostly what the consumers had in hand. */
const FIVE_ON_BROKERS: readonly Victim[] = [
  { process: 'task', app: 'task', points: [...CONSUMING, ...RELAYING], kills: 10 },
  { process: 'notification', app: 'notification', points: [...CONSUMING, ...RELAYING], kills: 10 },
  { process: 'analytics', app: 'analytics', points: CONSUMING, kills: 3 },
  { process: 'auth', app: 'auth', points: RELAYING, kills: 2 },
];

const RUNS: readonly (readonly [BusName, 'five processes' | 'one process', readonly Victim[]])[] = [
  ['postgres', 'five processes', FIVE],
  ['postgres', 'one process', ONE],
  ...brokers.map((broker) => [broker, 'five processes', FIVE_ON_BROKERS] as const),
];

describe.each(RUNS)('SIGKILL at named points under load, over %s in %s', (bus, shape, victims) => {
  let deployment: Deployment | undefined;
  afterAll(() => deployment?.stop(), 60_000);

  it('loses, doubles and reorders nothing, and every operation ends', async () => {
    console.log(`shortened for this test: ${JSON.stringify(SHORTENED)}`);
    const running = (deployment = await deploy(shape, bus));
    const { api } = running;
    const accounts: Account[] = [];
    for (let n = 0; n < CLIENTS; n += 1) accounts.push(await register(api, `client${n}`));

    let killing = true;
    const clients = accounts.map((account) => sequentialClient(api, account, () => !killing));
    const newcomers = shape === 'five processes' ? registerUntil(api, () => !killing) : Promise.resolve([]);
    try {
      await Promise.all(victims.map((victim) => killRepeatedly(running, victim)));
    } finally {
      killing = false;
    }
    const records = await Promise.all(clients);
    accounts.push(...(await newcomers));
    await running.quiet();

    const settled = await Promise.all(
      records.map((record, n) => readOperations(api, accounts[n] as Account, record)),
    );
    const all: ClientRecord[] = accounts.map((account) => {
      return settled.find(({ owner }) => owner === account.userId) ?? { owner: account.userId, creates: [] };
    });
    const creates = all.flatMap((client) => client.creates);
    const acknowledged = creates.filter(({ told }) => told === 'acknowledged').length;
    const operations = creates.filter(({ operation }) => operation === 'done').length;
    const kills = victims.flatMap((victim) => running.kills(victim.process));
    console.log(
      `${bus}, ${shape}: ${kills.length} kills, ${acknowledged} acknowledged, ${operations} by operation, ${accounts.length} accounts`,
    );
    expect(await settledFindings(api, accounts, all)).toEqual([]);
    expect(acknowledged).toBeGreaterThan(0);
    if (shape === 'five processes') expect(operations).toBeGreaterThan(0);
    expect(kills).toHaveLength(victims.reduce((sum, victim) => sum + victim.kills, 0));
    for (const victim of victims) {
      expect(new Set(running.kills(victim.process).map((line) => line.split(' ')[0]))).toEqual(
        new Set(victim.points),
      );
    }
  }, 300_000);
});

/** Reads the stores again until nothing is missing, or time is up: RabbitMQ doesn't show what a consumer has in hand. */
async function settledFindings(
  api: string,
  accounts: readonly Account[],
  clients: readonly ClientRecord[],
): Promise<Finding[]> {
  const end = performance.now() + SETTLE_LIMIT_MS;
  for (;;) {
    const stored = await Promise.all(accounts.map((account) => readStored(api, account)));
    const findings = checkLedger(clients, stored);
    if (performance.now() > end || findings.every(({ kind }) => kind !== 'lost')) return findings;
    await sleep(500);
  }
}

/** Arms one point after the other; the process ends itself when it comes there with work in hand. */
async function killRepeatedly(deployment: Deployment, victim: Victim): Promise<void> {
  const app = deployment.processes.get(victim.process);
  if (!app) throw new Error(`no process ${victim.process}`);
  for (let n = 0; n < victim.kills; n += 1) {
    const point = victim.points[n % victim.points.length] as string;
    app.arm(point);
    await until(
      `kill ${n + 1} of ${victim.process} at ${point}`,
      () => Promise.resolve(deployment.kills(victim.process).length > n),
      KILL_LIMIT_MS,
    );
    const starts = app.starts();
    await until(
      `${victim.process} is back`,
      async () => (app.starts() > starts || starts > n + 1) && (await deployment.ready(victim.app)),
      KILL_LIMIT_MS,
    );
  }
}

/** New accounts one after the other, so that auth has events to send. A broken registration isn't counted. */
async function registerUntil(api: string, done: () => boolean): Promise<Account[]> {
  const accounts: Account[] = [];
  while (!done()) {
    const account = await register(api, 'newcomer').catch(() => undefined);
    if (account) accounts.push(account);
  }
  return accounts;
}
