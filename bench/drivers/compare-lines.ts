import type { BenchOptions } from '../rig/options.ts';
import { shortNumber } from '../rig/plot.ts';
import { messageOf, type Program, startProgram } from '../rig/program.ts';
import { median } from '../rig/rounds.ts';
import { Scope } from '../rig/scope.ts';
import {
  brokerSettings,
  brokerVersion,
  type BusName,
  startBroker,
  startPostgres,
  temporaryFolder,
} from '../rig/servers.ts';
import { startSpanSink } from '../rig/span-sink.ts';
import type { LineName, LineOrder, LineReport } from './line-program.ts';

export interface Contender {
  readonly title: string;
  readonly line: LineName;
  readonly env?: NodeJS.ProcessEnv;
  /** Records spans of a tenth of the messages. */
  readonly tracing?: boolean;
  /** Title of what it is measured against. */
  readonly peer?: string;
}

export type LineRow = LineReport & {
  readonly bus: BusName;
  readonly title: string;
  readonly peer: string | undefined;
};

interface CompareOptions {
  readonly bus: BusName;
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  readonly order: LineOrder;
  readonly node: readonly string[];
  /** Takes the names of the servers. */
  readonly servers: Set<string>;
}

const LINE_ORDERS = {
  short: { trips: 100, floodMs: 1_000 },
  full: { trips: 400, floodMs: 3_000 },
} satisfies Record<string, LineOrder>;

const SAMPLED = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' };

export interface Comparison {
  readonly rows: readonly LineRow[];
  /** Names of the servers. */
  readonly servers: readonly string[];
  readonly rounds: number;
}

/** Compares the contenders of each bus, one bus after the other; a bus without any is left out. */
export async function compareOnBuses(
  { short, buses, node }: BenchOptions,
  contendersOf: Partial<Record<BusName, readonly Contender[]>>,
): Promise<Comparison> {
  const rounds = short ? 1 : 3;
  const order = short ? LINE_ORDERS.short : LINE_ORDERS.full;
  const servers = new Set<string>();
  const rows: LineRow[] = [];
  for (const bus of buses) {
    const contenders = contendersOf[bus];
    if (!contenders) continue;
    rows.push(...(await compareLines({ bus, contenders, rounds, order, node, servers })));
  }
  return { rows, servers: [...servers], rounds };
}

/** Starts a line for each contender and lets them take turns. The first round warms up. */
async function compareLines(options: CompareOptions): Promise<LineRow[]> {
  const { bus, contenders, rounds, order, node, servers } = options;
  const scope = new Scope();
  try {
    const folder = await temporaryFolder(scope);
    const address = await startServer(scope, folder, bus, servers);
    const spans = await startSpanSink(scope);
    const programs: [Contender, Program][] = [];
    for (const contender of contenders) {
      const name = contender.title.replaceAll(/\W+/g, '-');
      const file = 'bench/drivers/line-program.ts';
      const traces = contender.tracing ? { OTEL_EXPORTER_OTLP_ENDPOINT: spans, ...SAMPLED } : {};
      const env = { NODE_ENV: 'production', BUS: bus, ...address, ...contender.env, ...traces };
      const program = startProgram(scope, { name, file, args: [contender.line], env, folder, node });
      await messageOf(program);
      programs.push([contender, program]);
    }
    const reports = new Map<Contender, LineReport[]>();
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
  return brokerSettings(bus, address);
}
