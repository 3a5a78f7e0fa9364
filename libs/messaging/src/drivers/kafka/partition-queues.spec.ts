import { describe, expect, it } from '@jest/globals';
import { keyOf, PartitionQueues, type QueuedMessage } from './partition-queues.js';

const MIB = 1024 ** 2;

class Waiting {
  readonly refused: string[] = [];
  readonly queues = new PartitionQueues((item) => this.refused.push(textOf(item)));

  add(
    partition: number,
    text: string,
    { bytes = 100, batchBytes = MIB, broken = new Set<string>(), topic = 't' } = {},
  ): void {
    const message = { partition, key: 'k', headers: {}, body: Buffer.from(text) };
    this.queues.add({ topic, message, bytes, batchBytes, broken, settle: () => undefined });
  }

  take(): Record<string, string[]> {
    const batches = this.queues.take();
    return Object.fromEntries(batches.map(({ key, items }) => [key.replace('\0', '/'), items.map(textOf)]));
  }
}

const textOf = ({ message }: QueuedMessage): string => message.body.toString();

describe('what waits to be sent', () => {
  it('goes in one request for all partitions, each in its order', () => {
    const waiting = new Waiting();
    for (const text of ['a', 'b', 'c']) for (const partition of [0, 1]) waiting.add(partition, text);
    waiting.add(0, 'other', { topic: 'u' });
    expect(waiting.take()).toEqual({ 't/0': ['a', 'b', 'c'], 't/1': ['a', 'b', 'c'], 'u/0': ['other'] });
    expect(waiting.queues.isEmpty).toBe(true);
  });

  it('goes at most 200 messages of a partition at a time', () => {
    const waiting = new Waiting();
    for (let i = 0; i < 450; i += 1) waiting.add(0, String(i));
    const sizes = [waiting.take(), waiting.take(), waiting.take()].map((batch) => batch['t/0']?.length);
    expect(sizes).toEqual([200, 200, 50]);
  });

  it('goes in record batches that the topic takes, a large message alone', () => {
    const waiting = new Waiting();
    const limits = { batchBytes: 1_000 };
    waiting.add(0, 'a', { bytes: 400, ...limits });
    waiting.add(0, 'b', { bytes: 600, ...limits });
    waiting.add(0, 'c', { bytes: 1, ...limits });
    waiting.add(0, 'large', { bytes: 1_000, ...limits });
    expect(waiting.take()).toEqual({ 't/0': ['a', 'b'] });
    expect(waiting.take()).toEqual({ 't/0': ['c'] });
    expect(waiting.take()).toEqual({ 't/0': ['large'] });
  });

  it('is bounded in bytes over all partitions, and no partition is left behind', () => {
    const waiting = new Waiting();
    for (let partition = 0; partition < 20; partition += 1) {
      for (const text of ['first', 'second']) waiting.add(partition, text, { bytes: MIB });
    }
    const served = new Set<string>();
    let requests = 0;
    while (served.size < 20) {
      const batch = waiting.take();
      expect(Object.keys(batch).length).toBeLessThanOrEqual(8);
      for (const key of Object.keys(batch)) served.add(key);
      requests += 1;
    }
    expect(requests).toBe(3);
  });

  it('is refused behind an earlier message of the same send that failed, in that partition only', () => {
    const waiting = new Waiting();
    const broken = new Set<string>();
    for (const partition of [0, 1]) for (const text of ['a', 'b']) waiting.add(partition, text, { broken });
    waiting.add(0, 'of another send');
    broken.add(keyOf('t', 0));
    expect(waiting.take()).toEqual({ 't/0': ['of another send'], 't/1': ['a', 'b'] });
    expect(waiting.refused).toEqual(['a', 'b']);
  });

  it('makes no batch of nothing but refused messages', () => {
    const waiting = new Waiting();
    waiting.add(0, 'a', { broken: new Set([keyOf('t', 0)]) });
    expect(waiting.take()).toEqual({});
    expect(waiting.queues.isEmpty).toBe(true);
  });

  it('can be taken out as a whole', () => {
    const waiting = new Waiting();
    waiting.add(0, 'a');
    waiting.add(1, 'b');
    expect(waiting.queues.drain().map(textOf)).toEqual(['a', 'b']);
    expect(waiting.queues.isEmpty).toBe(true);
  });
});
