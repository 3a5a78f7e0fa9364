/** The platform at an even load for ten minutes: whether its processes keep their memory. */
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startStubAuth } from '@taskwire/testing';
import { type Contender, type Rig, startTaskwire } from '../command-path/contenders.ts';
import type { LoadOrder, LoadReport } from '../command-path/load-client.ts';
import type { BenchOptions } from '../rig/options.ts';
import { shortNumber } from '../rig/plot.ts';
import { messageOf, startProgram } from '../rig/program.ts';
import { writeReport } from '../rig/report.ts';
import { median } from '../rig/rounds.ts';
import { Scope } from '../rig/scope.ts';
import { type BusName, brokerVersion, startBroker, startPostgres, temporaryFolder } from '../rig/servers.ts';
import { startSpanSink } from '../rig/span-sink.ts';

const PER_SECOND = 200;
const CONNECTIONS = 20;
const OWNERS = 1_000;
const MOST_GROWTH = 1.1;
/** The rest is for caches to fill and for code to be compiled. */
const FIRST_SHARE = [0.3, 0.5] as const;
const LAST_SHARE = [0.8, 1] as const;
const SERVICES = ['task', 'notification', 'analytics'];

interface Kept {
  readonly bus: BusName;
  readonly process: string;
  /** Resident memory in MiB, median of the early and of the last samples. */
  readonly early: number;
  readonly late: number;
}

const METHOD = `${PER_SECOND} creates a second by ${OWNERS.toLocaleString('en-US')} owners, with gateway, task, notification and analytics in
processes of their own. Resident memory (/proc) each second; early: the median of the samples between 30 and 50 % of the
time, late: of the last fifth.`;

export async function runSoak({ short, buses, node }: BenchOptions): Promise<void> {
  const seconds = short ? 30 : 600;
  const servers = new Set<string>();
  const kept: Kept[] = [];
  const loads: string[] = [];
  for (const bus of buses) {
    const scope = new Scope();
    try {
      const rig = await startRig(scope, bus, node);
      servers.add(rig.postgres.version);
      if (bus !== 'postgres') servers.add(await brokerVersion(bus, rig.broker));
      const { report, samples } = await soak(rig, seconds);
      if (report.errors > 0) throw new Error(`${bus}: ${report.errors} errors, ${String(report.firstError)}`);
      loads.push(`${bus} ${shortNumber(report.perSecond)}/s, p99 ${shortNumber(report.p99)} ms`);
      for (const [name, values] of samples) {
        const of = ([from, to]: readonly [number, number]) =>
          median(values.slice(Math.floor(values.length * from), Math.ceil(values.length * to)));
        kept.push({ bus, process: name, early: of(FIRST_SHARE), late: of(LAST_SHARE) });
      }
    } finally {
      await scope.close();
    }
  }
  await writeReport({
    ...{ name: 'soak', command: 'soak', short, title: 'Memory under an even load' },
    method: `${seconds} s. ${METHOD} No request failed: ${loads.join('; ')}.`,
    tables: [
      {
        title: 'Resident memory',
        columns: ['bus', 'process', 'early MiB', 'late MiB'],
        rows: kept.map((one) => [one.bus, one.process, shortNumber(one.early), shortNumber(one.late)]),
        plot: {
          ...{ title: 'Resident memory', unit: 'MiB', series: ['early', 'late'] },
          groups: kept.map((one) => ({
            label: `${one.bus}, ${one.process}`,
            values: [one.early, one.late],
          })),
        },
      },
    ],
    goals: kept.map(({ bus, process: name, early, late }) => ({
      text: `${bus}: ${name} at most ${MOST_GROWTH}x`,
      measured: `${(late / early).toFixed(2)}x`,
      met: late / early <= MOST_GROWTH,
    })),
    data: kept,
    servers: [...servers],
  });
}

async function startRig(scope: Scope, bus: BusName, node: readonly string[]): Promise<Rig> {
  const folder = await temporaryFolder(scope);
  const auth = await startStubAuth();
  scope.add(() => auth.close());
  return {
    ...{ scope, folder, auth, bus, node, settings: {} },
    postgres: await startPostgres(scope, folder),
    broker: bus === 'postgres' ? '' : await startBroker(scope, folder, bus),
    spans: await startSpanSink(scope),
  };
}

async function soak(rig: Rig, seconds: number) {
  const platform = await startTaskwire(rig, 'taskwire, all services');
  const client = startProgram(rig.scope, {
    ...{ name: 'client', file: 'bench/command-path/load-client.ts', folder: rig.folder },
    env: { NODE_ENV: 'production' },
  });
  await messageOf(client);
  const owners = Array.from({ length: OWNERS }, () => rig.auth.tokenFor(randomUUID()));
  const order: LoadOrder = {
    ...{ url: platform.url, tokens: await Promise.all(owners), connections: CONNECTIONS },
    ...{ perSecond: PER_SECOND, warmUpMs: 2_000, measureMs: seconds * 1_000 },
  };
  const answer = messageOf<LoadReport>(client, order.warmUpMs + order.measureMs + 60_000);
  client.child.send(order);
  const samples = new Map<string, number[]>();
  for (let second = 0; second < seconds; second += 1) {
    await sleep(1_000);
    for (const [name, pid] of processesOf(platform)) {
      samples.set(name, [...(samples.get(name) ?? []), residentMiB(pid)]);
    }
  }
  return { report: await answer, samples };
}

const processesOf = ({ gateway, services }: Contender): [string, number][] => [
  ['gateway', gateway],
  ...services.map((pid, index): [string, number] => [SERVICES[index] ?? '', pid]),
];

function residentMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1_024;
}
