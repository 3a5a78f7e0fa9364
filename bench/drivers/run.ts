/** Each driver alone, beside the client that it is made of: one way idle, and as fast as it goes. */
import type { BenchOptions } from '../rig/options.ts';
import { shortNumber } from '../rig/plot.ts';
import { type Goal, writeReport } from '../rig/report.ts';
import type { BusName } from '../rig/servers.ts';
import { compareOnBuses, type Contender, type LineRow } from './compare-lines.ts';

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

export async function runDrivers(options: BenchOptions): Promise<void> {
  const { rows, servers, rounds } = await compareOnBuses(options, CONTENDERS);
  await writeReport({
    name: 'drivers',
    command: 'drivers',
    short: options.short,
    title: 'Drivers alone',
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
    servers,
  });
}

function goalsOf(row: LineRow, rows: readonly LineRow[]): Goal[] {
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
