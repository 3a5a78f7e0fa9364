import type { Consumer } from '@platformatic/kafka';
import type { KafkaRecord } from '../codec.js';

export type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>;
type RecordBatches = NonNullable<FetchResponse['responses'][number]['partitions'][number]['records']>;

const CONTROL = 0x20;

interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly next: bigint;
}

/** The records from `next` on, and where to go on: a batch may begin before it, and markers of transactions are no records. */
export function recordsOf(
  { topic, partition, next }: Place,
  batches: RecordBatches,
): { list: KafkaRecord[]; next: bigint } {
  const list: KafkaRecord[] = [];
  let after = next;
  for (const batch of batches) {
    const end = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
    if (end > after) after = end;
    if ((batch.attributes & CONTROL) !== 0) continue;
    for (const { offsetDelta, key, value, headers } of batch.records) {
      const offset = batch.firstOffset + BigInt(offsetDelta);
      if (offset < next) continue;
      list.push({ topic, partition, offset, key, value, headers: namesOf(headers) });
    }
  }
  return { list, next: after };
}

/** When the first record at or after `next` was written, in milliseconds since 1970. */
export function firstTimestamp(next: bigint, batches: RecordBatches): number | undefined {
  for (const batch of batches) {
    const record = batch.records.find(({ offsetDelta }) => batch.firstOffset + BigInt(offsetDelta) >= next);
    if (record) return Number(batch.firstTimestamp + record.timestampDelta);
  }
  return undefined;
}

const namesOf = (headers: readonly [Buffer | null, Buffer | null][]): [string, Buffer | null][] =>
  headers.map(([name, value]) => [name?.toString() ?? '', value]);
