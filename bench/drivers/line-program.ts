/** One line in a process of its own, sender and receiver. Does what it is told by messages: idle trips, or as much as it can. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { partitionOf } from '@taskwire/messaging';
import { percentile } from '../rig/rounds.ts';
import { busLine } from './bus-line.ts';
import { driverLine } from './driver-line.ts';
import { type OpenLine, PARTITIONS, type Parcel } from './line.ts';
import { amqplibLine, kafkajsLine, platformaticLine } from './raw-lines.ts';

export type LineName = 'bus' | 'driver' | 'platformatic' | 'kafkajs' | 'amqplib';

export interface LineOrder {
  /** One message at a time, one each 5 ms. */
  readonly trips: number;
  /** Then batches of 200, one after the other, for so long. */
  readonly floodMs: number;
}

/** Times in ms; messages a second. */
export interface LineReport {
  readonly p50: number;
  readonly p99: number;
  /** Confirmed. */
  readonly sent: number;
  /** Received, until the last one came. */
  readonly throughput: number;
}

const TEXT = 'x'.repeat(220);
const BATCH = 200;
const PAUSE_MS = 5;
const ARRIVE_MS = 30_000;

const lines: Record<LineName, OpenLine> = {
  bus: busLine,
  driver: driverLine,
  platformatic: platformaticLine,
  kafkajs: kafkajsLine,
  amqplib: amqplibLine,
};

const keys = Array.from({ length: 1_000 }, () => randomUUID());
let arrived = 0;
let onArrival: () => void = () => undefined;
const trips: number[] = [];

const line = await lines[process.argv[2] as LineName](`bench.line.${process.pid}`, (contents) => {
  arrived += contents.length;
  for (const { at } of contents) trips.push(performance.now() - at);
  onArrival();
});
process.on('message', (order: LineOrder) => {
  void measure(order).then((report) => process.send?.(report));
});
process.channel?.ref();
process.send?.('ready');

async function measure({ trips: count, floodMs }: LineOrder): Promise<LineReport> {
  trips.length = 0;
  for (let i = 0; i < count; i += 1) {
    const before = arrived;
    await line.send([parcel(i)]);
    await arrival(before + 1);
    await sleep(PAUSE_MS);
  }
  const sorted = Float64Array.from(trips).sort();

  let sent = 0;
  const before = arrived;
  const began = performance.now();
  while (performance.now() - began < floodMs) {
    await line.send(Array.from({ length: BATCH }, (_, i) => parcel(sent + i)));
    sent += BATCH;
  }
  const confirmedIn = performance.now() - began;
  await arrival(before + sent);
  const arrivedIn = performance.now() - began;
  trips.length = 0;
  return {
    ...{ p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) },
    ...{ sent: (sent / confirmedIn) * 1_000, throughput: (sent / arrivedIn) * 1_000 },
  };
}

function parcel(number: number): Parcel {
  const key = keys[number % keys.length] ?? '';
  const content = { owner: key, at: performance.now(), text: TEXT };
  const headers = {
    id: randomUUID(),
    source: '/bench',
    specversion: '1.0',
    type: 'bench.sent.v1',
    partitionkey: key,
  };
  return {
    partition: partitionOf(key, PARTITIONS),
    key,
    content,
    headers: { ...headers, time: new Date().toISOString() },
  };
}

function arrival(count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${count - arrived} messages did not arrive`)), ARRIVE_MS);
    onArrival = () => {
      if (arrived < count) return;
      clearTimeout(late);
      resolve();
    };
    onArrival();
  });
}
