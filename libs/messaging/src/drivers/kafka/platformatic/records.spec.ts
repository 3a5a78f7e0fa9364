import { describe, expect, it } from '@jest/globals';
import { firstTimestamp, recordsOf } from './records.js';

type Batches = Parameters<typeof recordsOf>[1];

/** A record batch with values that are their offsets. */
function batch(
  firstOffset: number,
  count: number,
  attributes = 0,
  lastOffsetDelta = count - 1,
): Batches[number] {
  return {
    firstOffset: BigInt(firstOffset),
    length: 0,
    partitionLeaderEpoch: 0,
    magic: 2,
    crc: 0,
    attributes,
    lastOffsetDelta,
    firstTimestamp: 1_000n,
    maxTimestamp: 2_000n,
    producerId: 1n,
    producerEpoch: 0,
    firstSequence: 0,
    records: Array.from({ length: count }, (_, offsetDelta) => ({
      length: 0,
      attributes: 0,
      timestampDelta: BigInt(offsetDelta),
      offsetDelta,
      key: null,
      value: Buffer.from(String(firstOffset + offsetDelta)),
      headers: [[Buffer.from('ce_id'), Buffer.from('1')]],
    })),
  };
}

const place = { topic: 't', partition: 0 };
const textsOf = (next: bigint, batches: Batches): string[] =>
  recordsOf({ ...place, next }, batches).list.map(({ value }) => value?.toString() ?? '');

describe('the records of an answer', () => {
  it('are those from the asked offset on: a batch may begin before it', () => {
    expect(textsOf(5n, [batch(3, 4), batch(7, 2)])).toEqual(['5', '6', '7', '8']);
    expect(recordsOf({ ...place, next: 5n }, [batch(3, 4), batch(7, 2)]).next).toBe(9n);
  });

  it('leave out the markers of transactions, and go on behind them', () => {
    const read = recordsOf({ ...place, next: 0n }, [batch(0, 2), batch(2, 1, 0x20)]);
    expect(read.list).toHaveLength(2);
    expect(read.next).toBe(3n);
  });

  it('go on behind what compaction has removed from the end of a batch', () => {
    expect(recordsOf({ ...place, next: 0n }, [batch(0, 2, 0, 9)]).next).toBe(10n);
  });

  it('stay where they are when the answer is empty', () => {
    expect(recordsOf({ ...place, next: 7n }, [])).toEqual({ list: [], next: 7n });
  });

  it('have names for their headers', () => {
    const [first] = recordsOf({ ...place, next: 0n }, [batch(0, 1)]).list;
    expect([...(first?.headers ?? [])]).toEqual([['ce_id', Buffer.from('1')]]);
  });
});

describe('the time of a record', () => {
  it('is that of the first one at or after the offset', () => {
    expect(firstTimestamp(5n, [batch(3, 4)])).toBe(1_002);
    expect(firstTimestamp(3n, [batch(3, 4)])).toBe(1_000);
    expect(firstTimestamp(7n, [batch(3, 4)])).toBeUndefined();
  });
});
