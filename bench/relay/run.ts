/** The relay of an outbox: rows a second when many wait, and from the commit to the broker when nothing else happens. */
import { withBus } from '../rig/bus-rig.ts';
import type { BenchOptions } from '../rig/options.ts';
import { shortNumber } from '../rig/plot.ts';
import { messageOf, startProgram } from '../rig/program.ts';
import { writeReport } from '../rig/report.ts';
import { median } from '../rig/rounds.ts';
import type { BusName } from '../rig/servers.ts';
import type { RelayReport } from './relay-program.ts';

const ROWS_PER_SECOND = 20_000;
const IDLE_P95_MS = 20;
const LIMIT_MS = 300_000;

const METHOD = `An outbox of the task service holds rows of \`task.created.v1\` by 1,000 owners; its relay is started, reads, sends
and deletes them, over Prisma. Rows/s: until the broker has confirmed the last. Idle: one event in a transaction, 20 ms after
the one before was sent; from the end of the transaction until the broker has confirmed the event.`;

export async function runRelay({ short, buses, node }: BenchOptions): Promise<void> {
  const [rounds, rows, writes] = short ? [1, 20_000, 50] : [3, 50_000, 300];
  const servers = new Set<string>();
  const results: (RelayReport & { bus: BusName })[] = [];
  for (const bus of buses) {
    const reports = await withBus(bus, async ({ scope, folder, postgres, env, servers: of }) => {
      for (const server of of) servers.add(server);
      const measured: RelayReport[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const DATABASE_URL = await postgres.create(`relay_${round}`);
        const args = [String(rows), String(writes)];
        const start = { name: `relay-${round}`, file: 'bench/relay/relay-program.ts', args };
        const program = startProgram(scope, { ...start, env: { ...env, DATABASE_URL }, folder, node });
        measured.push(await messageOf<RelayReport>(program, LIMIT_MS));
        await program.stop();
      }
      return measured;
    });
    const of = (read: (report: RelayReport) => number) => median(reports.map(read));
    const result = {
      bus,
      rowsPerSecond: of((r) => r.rowsPerSecond),
      p50: of((r) => r.p50),
      p95: of((r) => r.p95),
    };
    console.log(
      `${bus}: ${shortNumber(result.rowsPerSecond)} rows/s, idle p95 ${shortNumber(result.p95)} ms`,
    );
    results.push(result);
  }
  await writeReport({
    name: 'relay',
    command: 'relay',
    short,
    title: 'Relay',
    method: `${METHOD} ${rows.toLocaleString('en-US')} rows, medians of ${rounds} rounds.`,
    tables: [
      {
        title: 'Rows and delay',
        columns: ['bus', 'rows/s', 'idle p50 ms', 'idle p95 ms'],
        rows: results.map(({ bus, rowsPerSecond, p50, p95 }) => [
          bus,
          ...[rowsPerSecond, p50, p95].map(shortNumber),
        ]),
        plot: {
          ...{ title: 'Relay', unit: 'rows/s', series: ['rows/s'] },
          groups: results.map(({ bus, rowsPerSecond }) => ({ label: bus, values: [rowsPerSecond] })),
        },
      },
    ],
    goals: results.flatMap(({ bus, rowsPerSecond, p95 }) => [
      {
        text: `${bus}: at least ${ROWS_PER_SECOND.toLocaleString('en-US')} rows/s`,
        measured: shortNumber(rowsPerSecond),
        met: rowsPerSecond >= ROWS_PER_SECOND,
      },
      {
        text: `${bus}: idle p95 at most ${IDLE_P95_MS} ms`,
        measured: `${shortNumber(p95)} ms`,
        met: p95 <= IDLE_P95_MS,
      },
    ]),
    data: results,
    servers: [...servers],
  });
}
