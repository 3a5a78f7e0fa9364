/**
 * `POST /v1/tasks` to 201 over each bus, at 1, 50 and 200 requests at a time, by Taskwire and by two peers: (a) bare Nest
 * transports, (b) a minimal path written by hand. The contenders run side by side and take turns.
 */
import { randomUUID } from 'node:crypto';
import { startStubAuth } from '@taskwire/testing';
import { messageOf, type Program, startProgram } from '../rig/program.ts';
import { type CpuTimes, cpuTimes } from '../rig/cpu.ts';
import { type Measured, median, medianOf } from '../rig/rounds.ts';
import { Scope } from '../rig/scope.ts';
import { type BusName, brokerVersion, startBroker, startPostgres, temporaryFolder } from '../rig/servers.ts';
import { startSpanSink } from '../rig/span-sink.ts';
import { countRows } from '../rig/task-database.ts';
import { type Contender, type ContenderName, type Rig, startPeer, startTaskwire } from './contenders.ts';
import type { LoadOrder, LoadReport } from './load-client.ts';
import { makeQueues, makeTopics } from './topology.ts';

export interface Case {
  readonly connections: number;
  readonly owners: number;
}

export interface CommandPathRow extends Case, Measured, Cpu {
  readonly bus: BusName;
  readonly contender: ContenderName;
}

/** Processor time for a request, in ms; NaN where it can't be read. */
interface Cpu {
  readonly gatewayCpu: number;
  readonly serviceCpu: number;
  /** Of PostgreSQL and the broker. */
  readonly serverCpu: number;
}

export interface CommandPathOptions {
  readonly bus: BusName;
  readonly contenders: readonly ContenderName[];
  readonly cases: readonly Case[];
  readonly rounds: number;
  readonly seconds: number;
  /** Of each contender, before anything is measured. */
  readonly warmUpSeconds: number;
  /** Options of node for the programs under test. */
  readonly node?: readonly string[];
  readonly settings?: NodeJS.ProcessEnv;
}

export const CASES: readonly Case[] = [
  { connections: 1, owners: 1_000 },
  { connections: 50, owners: 1_000 },
  { connections: 200, owners: 1_000 },
  { connections: 50, owners: 1 },
];

const WARM_UP_MS = 1_000;

export interface CommandPathResult {
  readonly rows: readonly CommandPathRow[];
  readonly servers: readonly string[];
}

export async function commandPath(options: CommandPathOptions): Promise<CommandPathResult> {
  const { bus } = options;
  const scope = new Scope();
  try {
    const folder = await temporaryFolder(scope);
    const auth = await startStubAuth();
    scope.add(() => auth.close());
    const rig: Rig = {
      ...{ scope, folder, auth, bus, node: options.node ?? [], settings: options.settings ?? {} },
      postgres: await startPostgres(scope, folder),
      broker: bus === 'postgres' ? '' : await startBroker(scope, folder, bus),
      spans: await startSpanSink(scope),
    };
    const servers = [rig.postgres.version];
    if (bus !== 'postgres') servers.push(await brokerVersion(bus, rig.broker));
    const contenders = await startAll(rig, options.contenders);
    const env = { NODE_ENV: 'production' };
    const client = startProgram(scope, {
      name: 'client',
      file: 'bench/command-path/load-client.ts',
      env,
      folder,
    });
    await messageOf(client);
    return { rows: await takeTurns(rig, contenders, client, options), servers };
  } finally {
    await scope.close();
  }
}

async function startAll(rig: Rig, names: readonly ContenderName[]): Promise<Contender[]> {
  if (rig.bus === 'kafka') await makeTopics(rig.broker);
  if (rig.bus === 'rabbitmq') await makeQueues(rig.broker);
  const started: Contender[] = [];
  for (const name of names) {
    if (name === 'taskwire' || name === 'taskwire, all services')
      started.push(await startTaskwire(rig, name));
    else if (rig.bus !== 'postgres') started.push(await startPeer(rig, name));
  }
  return started;
}

async function takeTurns(
  { bus, auth, folder }: Rig,
  contenders: readonly Contender[],
  client: Program,
  { cases, rounds, seconds, warmUpSeconds }: CommandPathOptions,
): Promise<CommandPathRow[]> {
  const measured = new Map<string, (Measured & Cpu)[]>();
  const acknowledged = new Map<Contender, number>();
  const owners = Array.from({ length: Math.max(...cases.map((one) => one.owners)) }, () => randomUUID());

  const run = async (
    contender: Contender,
    { connections, owners: count }: Case,
    tokens: string[],
    order: object,
  ) => {
    const all: LoadOrder = {
      ...{ url: contender.url, connections, tokens: tokens.slice(0, count) },
      ...{ warmUpMs: WARM_UP_MS, measureMs: seconds * 1_000, ...order },
    };
    const answer = messageOf<LoadReport>(client, all.warmUpMs + all.measureMs + 60_000);
    const before = cpuTimes();
    client.child.send(all);
    const report = await answer;
    const after = cpuTimes();
    const used = (read: (times: CpuTimes) => number) =>
      after && before ? (read(after) - read(before)) / report.createdInAll : Number.NaN;
    const cpu = {
      gatewayCpu: used((times) => times.of(contender.gateway)),
      serviceCpu: used((times) => contender.services.reduce((sum, pid) => sum + times.of(pid), 0)),
      serverCpu: used((times) => times.ofServers(folder)),
    };
    acknowledged.set(contender, (acknowledged.get(contender) ?? 0) + report.createdInAll);
    if (report.firstError !== null)
      console.error(`${contender.name}: ${report.errors} errors, ${report.firstError}`);
    return { ...report, ...cpu };
  };

  for (let round = 0; round < rounds; round += 1) {
    const tokens = await Promise.all(owners.map((owner) => auth.tokenFor(owner)));
    if (round === 0) {
      const warm = { warmUpMs: warmUpSeconds * 1_000, measureMs: 100 };
      for (const contender of contenders)
        await run(contender, { connections: 50, owners: 1_000 }, tokens, warm);
    }
    for (const one of cases) {
      for (const contender of contenders) {
        const report = await run(contender, one, tokens, {});
        const { perSecond, p50, p99, gatewayCpu, serviceCpu, serverCpu } = report;
        const key = keyOf(contender.name, one);
        measured.set(key, [...(measured.get(key) ?? []), report]);
        const figures = `${Math.round(perSecond)}/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, CPU ${[gatewayCpu, serviceCpu, serverCpu].map((ms) => ms.toFixed(2)).join(' + ')} ms`;
        console.log(`${bus}, round ${round + 1}/${rounds}, ${key}: ${figures}`);
      }
    }
  }
  for (const [{ name, database }, count] of acknowledged) {
    const stored = await countRows(database, 'tasks');
    if (stored < count) throw new Error(`${name} acknowledged ${count} tasks and stored ${stored}`);
  }
  return cases.flatMap((one) =>
    contenders.map(({ name }) => {
      const of = measured.get(keyOf(name, one)) ?? [];
      const cpu = {
        gatewayCpu: median(of.map((r) => r.gatewayCpu)),
        serviceCpu: median(of.map((r) => r.serviceCpu)),
        serverCpu: median(of.map((r) => r.serverCpu)),
      };
      return { bus, contender: name, ...one, ...medianOf(of), ...cpu };
    }),
  );
}

const keyOf = (name: string, { connections, owners }: Case): string =>
  `${name}, ${connections} at a time, ${owners === 1 ? 'one owner' : `${owners} owners`}`;
