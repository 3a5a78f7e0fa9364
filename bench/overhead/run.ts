/** What a message costs besides the client: the driver, then envelope, validation and pipeline, then tracing. */
import { compareOnBuses, type Contender, type LineRow } from '../drivers/compare-lines.ts';
import type { BenchOptions } from '../rig/options.ts';
import { shortNumber } from '../rig/plot.ts';
import { type Goal, writeReport } from '../rig/report.ts';
import type { BusName } from '../rig/servers.ts';

const MOST = { all: 0.25, tracing: 0.05 };

const layers = (client: Contender): readonly Contender[] => [
  client,
  { title: 'driver', line: 'driver' },
  { title: 'bus', line: 'bus', peer: client.title },
  { title: 'bus, 10 % traced', line: 'bus', tracing: true, peer: 'bus' },
];

const CONTENDERS: Partial<Record<BusName, readonly Contender[]>> = {
  kafka: layers({ title: '@platformatic/kafka', line: 'platformatic' }),
  rabbitmq: layers({ title: 'amqplib', line: 'amqplib' }),
};

const METHOD = `The lines of \`npm run bench -- drivers\`, JSON on all of them. Bus: \`publish\` and a handler by the library, with envelope,
validation on both sides and the pipeline, without a store; the messages of a batch are published one by one.`;

export async function runOverhead(options: BenchOptions): Promise<void> {
  const { rows, servers, rounds } = await compareOnBuses(options, CONTENDERS);
  await writeReport({
    name: 'overhead',
    command: 'overhead',
    short: options.short,
    title: 'Overhead',
    method: `${METHOD} Medians of ${rounds} rounds.`,
    tables: [
      {
        title: 'Layer by layer',
        columns: ['bus', 'layer', 'one way p50 ms', 'through/s', 'µs a message'],
        rows: rows.map(({ bus, title, p50, throughput }) => [
          ...[bus, title, ...[p50, throughput, 1e6 / throughput].map(shortNumber)],
        ]),
        plot: {
          ...{ title: 'Overhead', unit: 'messages/s through', series: ['through'] },
          groups: rows.map(({ bus, title, throughput }) => ({
            label: `${bus}, ${title}`,
            values: [throughput],
          })),
        },
      },
    ],
    goals: rows.flatMap((row) => goalsOf(row, rows)),
    data: rows,
    servers,
  });
}

function goalsOf(row: LineRow, rows: readonly LineRow[]): Goal[] {
  const peer = rows.find(({ bus, title }) => bus === row.bus && title === row.peer);
  if (!peer) return [];
  const share = 1 - row.throughput / peer.throughput;
  const most = peer.title === 'bus' ? MOST.tracing : MOST.all;
  const text = `${row.bus}: ${row.title} at most ${most * 100} % below ${peer.title}`;
  return [{ text, measured: `${(share * 100).toFixed(0)} %`, met: share <= most }];
}
