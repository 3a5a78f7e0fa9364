import type { BenchOptions } from '../rig/options.ts';
import { shortNumber } from '../rig/plot.ts';
import { type Goal, type ReportTable, writeReport } from '../rig/report.ts';
import { CASES, type Case, commandPath, type CommandPathRow } from './command-path.ts';
import type { ContenderName } from './contenders.ts';
import type { BusName } from '../rig/servers.ts';

const CONTENDERS: readonly ContenderName[] = ['taskwire', 'nest', 'minimal', 'taskwire, all services'];
const NAMES: Record<ContenderName, string> = {
  taskwire: 'Taskwire',
  'taskwire, all services': 'Taskwire, all services',
  nest: '(a) bare Nest',
  minimal: '(b) minimal',
};

const METHOD = `\`POST /v1/tasks\` until 201. Gateway and task service are processes of their own; the contenders run side by side and
take turns, each figure is the median of the rounds. All store durably, confirm what they send, key by owner over 8
partitions, and validate on both sides. Taskwire traces 10 % of the requests and sends its usage events besides. (a) is
Nest's own transport with its defaults: a \`@MessagePattern\` handler inserts one row with Prisma and emits one event; it has
no inbox, no outbox, and on RabbitMQ one queue. (b) is written by hand for this one job, with inbox, outbox and batches, and
without tracing, retries, deadlines or operations. Every 201 was found in the store. CPU: processor time of
the contender's processes for a request, and of PostgreSQL and the broker; in steps of 10 ms, and less
sensitive to other work on the machine than requests/s.`;

/** A report for each bus, so that each can be measured again by itself. */
export async function runCommandPath({ short, buses, node }: BenchOptions): Promise<void> {
  const sizes = short
    ? { rounds: 1, seconds: 2, warmUpSeconds: 4 }
    : { rounds: 3, seconds: 3, warmUpSeconds: 20 };
  for (const bus of buses) {
    const { rows, servers } = await commandPath({
      bus,
      node,
      cases: CASES,
      contenders: CONTENDERS,
      ...sizes,
    });
    await writeReport({
      name: `command-path-${bus}`,
      title: `Command path over ${bus}`,
      command: `command-path --bus ${bus}`,
      short,
      method: `${METHOD} ${sizes.rounds} rounds of ${sizes.seconds} s, after ${sizes.warmUpSeconds} s of each contender at 50 at a time, in
which V8 and the broker's JVM compile what runs often.`,
      tables: [tableOf(bus, rows)],
      goals: goalsOf(bus, rows),
      data: rows,
      servers,
    });
  }
}

const isOf =
  (bus: BusName, { connections, owners }: Case) =>
  (row: CommandPathRow) =>
    row.bus === bus && row.connections === connections && row.owners === owners;

const labelOf = ({ connections, owners }: Case) =>
  `${connections} at a time${owners === 1 ? ', one owner' : ''}`;

function tableOf(bus: BusName, all: readonly CommandPathRow[]): ReportTable {
  const rows = CASES.flatMap((one) => {
    const here = all.filter(isOf(bus, one));
    const of = (name: ContenderName) =>
      here.find(({ contender }) => contender === name)?.perSecond ?? Number.NaN;
    return here.map((row) => [
      ...[labelOf(one), NAMES[row.contender], shortNumber(row.perSecond)],
      ...[row.p50, row.p95, row.p99, row.gatewayCpu, row.serviceCpu, row.serverCpu].map(shortNumber),
      ...[times(row.perSecond / of('nest')), times(row.perSecond / of('minimal')), row.errors],
    ]);
  });
  const names = CONTENDERS.filter((name) => all.some((row) => row.bus === bus && row.contender === name));
  return {
    title: 'Requests',
    columns: [
      'requests',
      'contender',
      'requests/s',
      'p50 ms',
      'p95 ms',
      'p99 ms',
      'CPU gateway ms',
      'services ms',
      'servers ms',
      'to (a)',
      'to (b)',
      'errors',
    ],
    rows,
    plot: {
      title: `POST /v1/tasks over ${bus}`,
      unit: 'requests/s',
      series: names.map((name) => NAMES[name]),
      groups: CASES.map((one) => ({
        label: labelOf(one),
        values: names.map(
          (name) => all.filter(isOf(bus, one)).find((row) => row.contender === name)?.perSecond ?? Number.NaN,
        ),
      })),
    },
  };
}

function goalsOf(bus: BusName, all: readonly CommandPathRow[]): Goal[] {
  const find = (contender: ContenderName, connections: number, owners = 1_000) => {
    const row = all.filter(isOf(bus, { connections, owners })).find((one) => one.contender === contender);
    if (!row) throw new Error(`${contender} was not measured with ${connections} connections over ${bus}`);
    return row;
  };
  const [one, fifty, single] = [find('taskwire', 1), find('taskwire', 50), find('taskwire', 50, 1)];
  const share = goal(bus, 'one owner at least 0.5x of many', single.perSecond / fifty.perSecond, 0.5);
  if (bus === 'postgres') return [share];
  const [nest, minimal] = [find('nest', 50), find('minimal', 50)];
  const wanted = bus === 'kafka' ? 10 : 4;
  const slower = one.p50 / find('minimal', 1).p50;
  return [
    goal(bus, `at 50 at least ${wanted}x of (a)`, fifty.perSecond / nest.perSecond, wanted),
    goal(bus, 'at 50 at least 0.8x of (b)', fifty.perSecond / minimal.perSecond, 0.8),
    ...(bus === 'kafka'
      ? [atMost(bus, "p99 at 50 at most 0.33x of (a)'s", fifty.p99 / nest.p99, 1 / 3)]
      : []),
    atMost(bus, 'p50 at 1 at most 1.5x of (b)', slower, 1.5),
    share,
  ];
}

const goal = (bus: BusName, text: string, ratio: number, wanted: number): Goal => ({
  ...{ text: `${bus}: ${text}`, measured: times(ratio), met: ratio >= wanted },
});

const atMost = (bus: BusName, text: string, ratio: number, wanted: number): Goal => ({
  ...{ text: `${bus}: ${text}`, measured: times(ratio), met: ratio <= wanted },
});

function times(ratio: number): string {
  return Number.isFinite(ratio) ? `${ratio.toFixed(2)}x` : '–';
}
