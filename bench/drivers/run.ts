/** Each driver alone, beside the client that it is made of: one way idle, and as fast as it goes. */
import type { BenchOptions } from '../rig/options.ts';
import { shortNumber } from '../rig/plot.ts';
import { messageOf, type Program, startProgram } from '../rig/program.ts';
import { type Goal, writeReport } from '../rig/report.ts';
import { median } from '../rig/rounds.ts';
import { Scope } from '../rig/scope.ts';
import { brokerVersion, type BusName, startBroker, startPostgres, temporaryFolder } from '../rig/servers.ts';
import type { LineName, LineOrder, LineReport } from './line-program.ts';

interface Contender {
  readonly title: string;
  readonly line: LineName;
  readonly env?: NodeJS.ProcessEnv;
  /** Title of the client that a driver is measured against. */
  readonly peer?: string;
}

const CONTENDERS: Record<BusName, readonly Contender[]> = {
  kafka: [
    { title: 'driver, platformatic', line: 'driver', peer: '@platformatic/kafka' },
    { title: '@platformatic/kafka', line: 'platformatic' },
    { title: 'driver, kafkajs', line: 'driver', env: { KAFKA_CLIENT: 'kafkajs' }, peer: 'kafkajs' },
    { title: 'kafkajs', line: 'kafkajs' },
  ],
  rabbitmq: [
    { title: 'driver, rabbitmq', line: 'driver', peer: 'amqplib' },
    { title: 'amqplib', line: 'amqplib' },
  ],
  postgres: [{ title: 'driver, postgres', line: 'driver' }],
};

const METHOD = `Sender and receiver in one process for each contender; they take turns. Messages have 300 bytes, a key and six
headers, over 8 partitions, confirmed by the broker. One way: one message at a time. Sends: batches of 200, each when the one
before is confirmed, until confirmed; through: until the last was received.`;

type Row = LineReport & { readonly bus: BusName; readonly title: string; readonly peer: string | undefined };

export async function runDrivers({ short, buses, node }: BenchOptions): Promise<void> {
  const rounds = short ? 1 : 5;
  const order: LineOrder = short ? { trips: 100, floodMs: 1_000 } : { trips: 400, floodMs: 3_000 };
  const servers = new Set<string>();
  const rows: Row[] = [];
  for (const bus of buses) rows.push(...(await onBus(bus, rounds, order, node, servers)));

  await writeReport({
    name: short ? 'drivers-short' : 'drivers',
    title: 'Drivers alone',
    command: `npm run bench -- drivers${short ? ' --short' : ''}`,
    method: `${METHOD} Medians of ${rounds} rounds.`,
    tables: [
      {
        title: 'One way and throughput',
        columns: ['bus', 'contender', 'one way p50 ms', 'p99 ms', 'sends/s', 'through/s'],
        rows: rows.map(({ bus, title, p50, p99, sent, throughput }) => [
          ...[bus, title, ...[p50, p99, sent, throughput].map(shortNumber)],
        ]),
        plot: {
          ...{ title: 'Drivers beside their clients', unit: 'messages/s through', series: ['through'] },
          groups: rows.map(({ title, throughput }) => ({ label: title, values: [throughput] })),
        },
      },
    ],
    goals: rows.flatMap((row) => goalsOf(row, rows)),
    data: rows,
    servers: [...servers],
  });
}

async function onBus(
  bus: BusName,
  rounds: number,
  order: LineOrder,
  node: readonly string[],
  servers: Set<string>,
): Promise<Row[]> {
  const scope = new Scope();
  try {
    const folder = await temporaryFolder(scope);
    const address = await startServer(scope, folder, bus, servers);
    const programs: [Contender, Program][] = [];
    for (const contender of CONTENDERS[bus]) {
      const name = contender.title.replaceAll(/\W+/g, '-');
      const file = 'bench/drivers/line-program.ts';
      const env = { NODE_ENV: 'production', BUS: bus, ...address, ...contender.env };
      const program = startProgram(scope, { name, file, args: [contender.line], env, folder, node });
      await messageOf(program);
      programs.push([contender, program]);
    }
    const reports = new Map<Contender, LineReport[]>();
    // The first round warms up.
    for (let round = 0; round <= rounds; round += 1) {
      for (const [contender, program] of programs) {
        const answer = messageOf<LineReport>(program, 120_000);
        program.child.send(order);
        const report = await answer;
        if (round === 0) continue;
        reports.set(contender, [...(reports.get(contender) ?? []), report]);
        const { p50, throughput } = report;
        console.log(
          `${bus}, round ${round}, ${contender.title}: ${shortNumber(p50)} ms, ${shortNumber(throughput)}/s`,
        );
      }
    }
    return programs.map(([contender]) => {
      const of = (read: (report: LineReport) => number) => median((reports.get(contender) ?? []).map(read));
      return {
        ...{ bus, title: contender.title, peer: contender.peer },
        ...{ p50: of((r) => r.p50), p99: of((r) => r.p99), sent: of((r) => r.sent) },
        throughput: of((r) => r.throughput),
      };
    });
  } finally {
    await scope.close();
  }
}

async function startServer(
  scope: Scope,
  folder: string,
  bus: BusName,
  servers: Set<string>,
): Promise<NodeJS.ProcessEnv> {
  if (bus === 'postgres') {
    const postgres = await startPostgres(scope, folder);
    servers.add(postgres.version);
    return { BUS_DATABASE_URL: postgres.url('bus') };
  }
  const address = await startBroker(scope, folder, bus);
  servers.add(await brokerVersion(bus, address));
  return bus === 'kafka' ? { KAFKA_BROKERS: address } : { RABBITMQ_URL: address };
}

function goalsOf(row: Row, rows: readonly Row[]): Goal[] {
  const peer = rows.find(({ bus, title }) => bus === row.bus && title === row.peer);
  if (!peer) return [];
  const [slower, share] = [row.p50 / peer.p50, row.throughput / peer.throughput];
  return [
    {
      text: `${row.title}: one way at most 1.5x of ${peer.title}`,
      measured: `${slower.toFixed(2)}x`,
      met: slower <= 1.5,
    },
    {
      text: `${row.title}: through at least 0.75x of ${peer.title}`,
      measured: `${share.toFixed(2)}x`,
      met: share >= 0.75,
    },
  ];
}
