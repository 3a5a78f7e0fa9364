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
import { newcomers, profileFindings, register, renamingClient } from './accounts.js';
import { type Load, pipelinedClient, sequentialClient } from './clients.js';
import { type Deployment, deploy, SHORTENED } from './deployment.js';
import { until } from './processes.js';
import type { CrashRun, Victim } from './victims.js';

const SEQUENTIAL_CLIENTS = 6;
const PIPELINED_CLIENTS = 2;
const PIPELINE = 6;
const RENAMING_CLIENTS = 2;
/** Tasks settled for each kill: a platform that gets nothing done between two kills is not under load. */
const SETTLED_PER_KILL = 10;
/** For one kill: reach the point with work in hand, end, start again. */
const KILL_LIMIT_MS = 60_000;
/** For the load of one kill, while every victim is away now and then. */
const LOAD_LIMIT_MS = 120_000;
const SETTLE_LIMIT_MS = 15_000;

/** Defines the test of one deployment. Each is a spec file of its own, so that two run at a time. */
export function crashTest({ bus, shape, victims }: CrashRun): void {
  describe(`SIGKILL at named points under load, over ${bus} in ${shape}`, () => {
    let deployment: Deployment | undefined;
    afterAll(() => deployment?.stop(), 60_000);

    it('loses, doubles and reorders nothing, and every operation ends', async () => {
      console.log(`shortened for this test: ${JSON.stringify(SHORTENED)}`);
      const running = (deployment = await deploy(shape, bus));
      const { api } = running;
      const registered = (count: number, name: string) =>
        Promise.all(Array.from({ length: count }, (_, n) => register(api, `${name}${n}`)));
      const one = await registered(SEQUENTIAL_CLIENTS, 'sequential');
      const many = await registered(PIPELINED_CLIENTS, 'pipelined');
      const renaming = await registered(RENAMING_CLIENTS, 'renaming');

      const load: Load = { api, ended: false, settled: 0 };
      const creating = Promise.all([
        ...one.map((account) => sequentialClient(load, account)),
        ...many.map((account) => pipelinedClient(load, account, PIPELINE)),
      ]);
      const renamed = Promise.all(renaming.map((account) => renamingClient(load, account)));
      const welcomed = newcomers(load);
      const clients = Promise.all([creating, renamed, welcomed]);
      const pace = new Pace(load);
      try {
        await Promise.race([
          Promise.all(victims.map((victim) => killRepeatedly(running, victim, pace))),
          // Only when a client fails.
          clients.then(() => new Promise<never>(() => undefined)),
        ]);
      } finally {
        load.ended = true;
      }
      const [records, profiles, strangers] = await clients;
      await running.quiet();

      const accounts = [...one, ...many];
      const settled: ClientRecord[] = [];
      for (const [n, record] of records.entries())
        settled.push(await readOperations(api, accounts[n] as Account, record));
      const idle = [...renaming, ...strangers];
      const all = [
        ...settled,
        ...idle.map(({ userId: owner }) => ({ owner, sequential: true, creates: [] })),
      ];
      const creates = settled.flatMap((client) => client.creates);
      const acknowledged = creates.filter(({ told }) => told === 'acknowledged').length;
      const operations = creates.filter(({ operation }) => operation === 'done').length;
      const kills = victims.flatMap((victim) => running.kills(victim.process));
      const inHand = kills.map((line) => Number(line.split(' ')[1]));
      console.log(
        `${bus}, ${shape}: ${kills.length} kills with ${Math.min(...inHand)} to ${Math.max(...inHand)} messages in hand, ` +
          `${acknowledged} acknowledged, ${operations} by operation, ${profiles.flatMap(({ names }) => names).length} renamed, ` +
          `${all.length} accounts`,
      );
      expect(await settledFindings(api, [...accounts, ...idle], all)).toEqual([]);
      expect(await profileFindings(api, profiles)).toEqual([]);
      expect(kills).toHaveLength(killsOf(victims));
      expect(acknowledged + operations).toBeGreaterThanOrEqual(SETTLED_PER_KILL * kills.length);
      expect(operations).toBeGreaterThan(0);
      for (const victim of victims) {
        expect(new Set(running.kills(victim.process).map((line) => line.split(' ')[0]))).toEqual(
          new Set(victim.points),
        );
      }
    }, 480_000);
  });
}

function killsOf(victims: readonly Victim[]): number {
  return victims.reduce((sum, { kills }) => sum + kills, 0);
}

/** Lets the next kill happen only when the clients have got enough done for it, whoever is the victim. */
class Pace {
  private armed = 0;

  constructor(private readonly load: Load) {}

  async next(): Promise<void> {
    this.armed += 1;
    const needed = this.armed * SETTLED_PER_KILL;
    await until(
      `${needed} tasks are settled`,
      () => Promise.resolve(this.load.settled >= needed || `${this.load.settled}`),
      LOAD_LIMIT_MS,
    );
  }
}

/** Reads the stores again until nothing is missing, or time is up: RabbitMQ doesn't show what a consumer has in hand. */
async function settledFindings(
  api: string,
  accounts: readonly Account[],
  clients: readonly ClientRecord[],
): Promise<Finding[]> {
  const end = performance.now() + SETTLE_LIMIT_MS;
  for (;;) {
    const findings = checkLedger(clients, await readStored(api, accounts));
    if (performance.now() > end || findings.every(({ kind }) => kind !== 'lost')) return findings;
    await sleep(500);
  }
}

/** Arms one point after the other; the process ends itself when it comes there with work in hand. */
async function killRepeatedly(deployment: Deployment, victim: Victim, pace: Pace): Promise<void> {
  const app = deployment.processes.get(victim.process);
  if (!app) throw new Error(`no process ${victim.process}`);
  for (let n = 0; n < victim.kills; n += 1) {
    const point = victim.points[n % victim.points.length] as string;
    await pace.next();
    app.arm(point);
    await until(
      `kill ${n + 1} of ${victim.process} at ${point}`,
      () => Promise.resolve(deployment.kills(victim.process).length > n),
      KILL_LIMIT_MS,
    );
    await until(
      `${victim.process} is started again`,
      () => Promise.resolve(app.starts() > n + 1),
      KILL_LIMIT_MS,
    );
  }
}
