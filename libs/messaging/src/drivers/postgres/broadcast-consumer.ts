import type { Consumer, IncomingMessage } from '../../driver.js';
import { decodeMessage, type MessageRow } from './codec.js';
import type { Fetcher, LogCursor } from './fetcher.js';
import { meanBytes } from './owned-partition.js';
import type { PartitionRef } from './topology.js';

const PAGE = 500;

export interface HeadRow {
  readonly id: number;
  readonly next: number;
  readonly low: number;
}

/** Reads topics from their ends, without a group: every instance sees everything, nothing is acknowledged. */
export class BroadcastConsumer implements Consumer {
  readonly #cursors = new Map<number, BroadcastCursor>();
  #paused = false;

  constructor(
    private readonly fetcher: Fetcher,
    refs: readonly PartitionRef[],
    heads: readonly HeadRow[],
    receive: (message: IncomingMessage) => void,
    private readonly resync: () => void,
    private readonly onClose: (consumer: BroadcastConsumer) => void,
  ) {
    const next = new Map(heads.map((head) => [head.id, head.next]));
    for (const ref of refs) {
      const cursor = new BroadcastCursor(ref, next.get(ref.id) ?? 1, receive, () => !this.#paused);
      this.#cursors.set(ref.id, cursor);
      fetcher.add(cursor);
    }
  }

  get parts(): readonly number[] {
    return [...this.#cursors.keys()];
  }

  partitions(): ReadonlyMap<string, readonly number[]> {
    const byTopic = new Map<string, number[]>();
    for (const { ref } of this.#cursors.values()) {
      byTopic.set(ref.topic, [...(byTopic.get(ref.topic) ?? []), ref.n]);
    }
    return byTopic;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.fetcher.poke();
  }

  close(): Promise<void> {
    for (const cursor of this.#cursors.values()) this.fetcher.remove(cursor);
    this.#cursors.clear();
    this.onClose(this);
    return Promise.resolve();
  }

  /** After a reconnect, and when retention was faster than this reader. */
  resynchronise(): void {
    this.resync();
  }

  apply(heads: readonly HeadRow[]): void {
    let gap = false;
    for (const head of heads) {
      const cursor = this.#cursors.get(head.id);
      if (!cursor) continue;
      if (cursor.at < head.low) {
        cursor.at = head.low;
        gap = true;
      }
      if (cursor.at < head.next) this.fetcher.mark(cursor);
    }
    if (gap) this.resync();
  }
}

class BroadcastCursor implements LogCursor {
  readonly part: number;
  messageBytes = 16 * 1024;

  constructor(
    readonly ref: PartitionRef,
    public at: number,
    private readonly onMessage: (message: IncomingMessage) => void,
    private readonly isWanted: () => boolean,
  ) {
    this.part = ref.id;
  }

  get room(): number {
    return this.isWanted() ? PAGE : 0;
  }

  receive(rows: readonly MessageRow[]): void {
    for (const row of rows) {
      this.at = row.seq + 1;
      this.onMessage(decodeMessage(this.ref.topic, this.ref.n, row));
    }
    if (rows.length > 0) this.messageBytes = meanBytes(rows);
  }
}
