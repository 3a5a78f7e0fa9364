/** Many live connections on one gateway: what each costs it in memory, and how late events come. */
import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts, type StubAuth, startStubAuth } from '@taskwire/testing';
import { type BusRig, withBus } from '../rig/bus-rig.ts';
import { cpuTimes } from '../rig/cpu.ts';
import type { BenchOptions } from '../rig/options.ts';
import { shortNumber } from '../rig/plot.ts';
import { answers, messageOf, type Program, startProgram } from '../rig/program.ts';
import { writeReport } from '../rig/report.ts';
import { percentile } from '../rig/rounds.ts';
import type { FeederOrder, FeederReport } from './feeder.ts';
import type { ListenerOrder, ListenerReport, Protocol } from './listener.ts';

const CONNECTIONS = 10_000;
const SHORT_CONNECTIONS = 500;
const PER_SECOND = 5_000;
const PER_PROCESS = 2_500;
const WARM_UP = { connections: 200, perSecond: 1_000, seconds: 2 };
const SETTLE_MS = 3_000;
const OPEN_LIMIT_MS = 300_000;
const LAST_LIMIT_MS = 15_000;
/** Files that a process has besides: libraries, logs, connections to servers. */
const OTHER_FILES = 200;

interface Measured {
  readonly protocol: Protocol;
  readonly connections: number;
  readonly kibEach: number;
  readonly mibBefore: number;
  readonly mibOpen: number;
  readonly mibAfter: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly largest: number;
  /** Share of one core. */
  readonly cpu: number;
  readonly sent: number;
  readonly received: number;
  readonly misplaced: number;
  readonly ended: number;
}

interface Bench {
  readonly rig: BusRig;
  readonly auth: StubAuth;
  readonly feeder: Program;
  readonly feedUrl: string;
  readonly node: readonly string[];
}

const methodOf = (connections: number, bus: string) =>
  `One gateway over ${bus}, without Redis, in a process of its own; ${Math.ceil(connections / PER_PROCESS)} processes of clients, each connection
another user's. Another process appends ${PER_SECOND.toLocaleString('en-US')} entries a second to their feeds, in turn, and
tells the bus. Memory each: what the resident memory grows by until all are connected and nothing is sent yet, after ${WARM_UP.connections}
connections that came and went. Delay: from the append to the arrival in the client.`;

export async function runLive({ short, buses, node, connections: asked }: BenchOptions): Promise<void> {
  const connections = asked ?? (short ? SHORT_CONNECTIONS : CONNECTIONS);
  demandFiles(connections);
  const bus = (buses.length === 1 ? buses[0] : undefined) ?? 'postgres';
  await withBus(bus, async (rig) => {
    const auth = await startStubAuth();
    rig.scope.add(() => auth.close());
    const [port = 0] = await freePorts(1);
    const feeder = startProgram(rig.scope, {
      ...{ name: 'feeder', file: 'bench/live/feeder.ts', args: [String(port)] },
      ...{ env: rig.env, folder: rig.folder },
    });
    await messageOf(feeder);
    const bench: Bench = { rig, auth, feeder, feedUrl: `http://127.0.0.1:${port}`, node };
    const rows: Measured[] = [];
    const seconds = short ? 5 : 30;
    rows.push(await measure(bench, 'server-sent events', Math.ceil(connections / 10), seconds));
    rows.push(await measure(bench, 'server-sent events', connections, seconds));
    rows.push(await measure(bench, 'WebSocket', connections, seconds));
    await report(rows, methodOf(connections, bus), short, rig.servers);
  });
}

async function measure(
  bench: Bench,
  protocol: Protocol,
  connections: number,
  seconds: number,
): Promise<Measured> {
  const { gateway, url } = await startGateway(bench);
  const pid = gateway.child.pid ?? 0;
  const first = await connect(bench, protocol, url, WARM_UP.connections);
  await feed(bench.feeder, { users: first.users, ...WARM_UP });
  await first.close();
  await sleep(SETTLE_MS);
  const before = residentKib(pid);
  const clients = await connect(bench, protocol, url, connections);
  await sleep(SETTLE_MS);
  const open = residentKib(pid);
  const cpuBefore = cpuTimes()?.of(pid) ?? Number.NaN;
  const fed = await feed(bench.feeder, { users: clients.users, perSecond: PER_SECOND, seconds });
  const cpu = ((cpuTimes()?.of(pid) ?? Number.NaN) - cpuBefore) / (fed.seconds * 1_000);
  const { delays, misplaced, ended } = await clients.report(fed.sent);
  const after = residentKib(pid);
  await clients.close();
  await gateway.stop();
  return {
    ...{ protocol, connections },
    kibEach: (open - before) / connections,
    ...{ mibBefore: before / 1_024, mibOpen: open / 1_024, mibAfter: after / 1_024 },
    perSecond: fed.sent / fed.seconds,
    ...{ p50: percentile(delays, 0.5), p99: percentile(delays, 0.99), largest: percentile(delays, 1) },
    ...{ cpu, sent: fed.sent, received: delays.length, misplaced, ended },
  };
}

async function startGateway({ rig, auth, feedUrl, node }: Bench): Promise<{ gateway: Program; url: string }> {
  const [port = 0] = await freePorts(1);
  const secret = () => randomBytes(32).toString('hex');
  const env = {
    ...rig.env,
    ...{ PORT: String(port), INTERNAL_TOKEN: secret(), OPERATION_SECRET: secret() },
    ...{ RATE_LIMIT_IP: '1000000000', RATE_LIMIT_USER: '1000000000', MAX_LIVE_CONNECTIONS: '1000000' },
    ...{ AUTH_URL: auth.url, NOTIFICATION_URL: feedUrl },
  };
  const file = 'apps/gateway/dist/main.js';
  const gateway = startProgram(rig.scope, { name: 'gateway', file, env, folder: rig.folder, node });
  const url = `http://127.0.0.1:${port}`;
  await answers(gateway, `${url}/health/ready`);
  return { gateway, url };
}

/** Clients of so many users, all of them connected. */
async function connect({ rig, auth }: Bench, protocol: Protocol, url: string, count: number) {
  const users = Array.from({ length: count }, () => randomUUID());
  const programs: Program[] = [];
  for (let from = 0; from < count; from += PER_PROCESS) {
    const tokens = await Promise.all(
      users.slice(from, from + PER_PROCESS).map((user) => auth.tokenFor(user)),
    );
    const program = startProgram(rig.scope, {
      ...{ name: 'listener', file: 'bench/live/listener.ts', env: {}, folder: rig.folder },
    });
    await messageOf(program);
    const order: ListenerOrder = { protocol, url, tokens };
    program.child.send(order);
    await messageOf(program, OPEN_LIMIT_MS);
    programs.push(program);
  }
  const ask = async () => {
    const reports: ListenerReport[] = [];
    for (const program of programs) {
      program.child.send('report');
      reports.push(await messageOf<ListenerReport>(program));
    }
    const sum = (of: (report: ListenerReport) => number) => reports.reduce((all, one) => all + of(one), 0);
    const delays = Float64Array.from(reports.flatMap((one) => [...one.delays])).sort();
    return { delays, misplaced: sum((one) => one.misplaced), ended: sum((one) => one.ended) };
  };
  return {
    users,
    /** When so many entries have come, or no more do. */
    report: async (entries: number) => {
      const end = performance.now() + LAST_LIMIT_MS;
      for (;;) {
        const report = await ask();
        if (report.delays.length >= entries || performance.now() > end) return report;
        await sleep(500);
      }
    },
    close: async () => {
      for (const program of programs) await program.stop();
    },
  };
}

async function feed(feeder: Program, order: FeederOrder): Promise<FeederReport> {
  feeder.child.send(order);
  return messageOf<FeederReport>(feeder, (order.seconds + 60) * 1_000);
}

function report(rows: readonly Measured[], method: string, short: boolean, servers: readonly string[]) {
  const lost = rows.reduce((sum, { sent, received }) => sum + Math.abs(sent - received), 0);
  const misplaced = rows.reduce((sum, row) => sum + row.misplaced, 0);
  const ended = rows.reduce((sum, row) => sum + row.ended, 0);
  const slowest = Math.min(...rows.map(({ perSecond }) => perSecond));
  return writeReport({
    ...{ name: 'live', command: 'live', short, title: 'Live connections', method },
    tables: [
      {
        title: 'One gateway',
        columns: [
          ...['protocol', 'connections', 'KiB each', 'MiB before', 'MiB with them', 'MiB after the load'],
          ...['messages/s', 'delay p50 ms', 'p99 ms', 'largest ms', 'cores'],
        ],
        rows: rows.map((row) => [
          ...[row.protocol, row.connections.toLocaleString('en-US')],
          ...[row.kibEach, row.mibBefore, row.mibOpen, row.mibAfter].map(shortNumber),
          ...[row.perSecond, row.p50, row.p99, row.largest, row.cpu].map(shortNumber),
        ]),
        plot: {
          ...{ title: 'Delay of live events', unit: 'ms', series: ['p50', 'p99'] },
          groups: rows.map(({ protocol, connections, p50, p99 }) => ({
            label: `${protocol}, ${connections}`,
            values: [p50, p99],
          })),
        },
      },
    ],
    goals: [
      {
        text: 'each entry delivered once and in order, no connection ended',
        measured: `${lost} lost or repeated, ${misplaced} out of order, ${ended} ended`,
        met: lost + misplaced + ended === 0,
      },
      {
        text: `${PER_SECOND.toLocaleString('en-US')} messages a second, by 2 % at most less`,
        measured: shortNumber(slowest),
        met: slowest >= PER_SECOND * 0.98,
      },
    ],
    data: rows,
    servers,
  });
}

/** Of a process of this machine, on Linux and macOS. */
function residentKib(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }));
}

/** Each connection is an open file of the gateway, and of the process that its client is in. */
function demandFiles(connections: number): void {
  const limit = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }));
  const needed = connections + OTHER_FILES;
  if (Number.isNaN(limit) || limit >= needed) return;
  throw new Error(
    `${connections} connections need ${needed} open files in one process, and this shell lets it have ${limit}: ` +
      `\`ulimit -n ${needed}\` before, or fewer by --connections`,
  );
}
