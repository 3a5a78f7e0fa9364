import type { Delivery } from '../../delivery/delivery.js';
import type { HeldPartition } from '../../delivery/held-partition.js';
import { decodeMessage, type MessageRow } from './codec.js';
import type { LogCursor } from './fetcher.js';
import type { PartitionRef } from './topology.js';

/** What a heartbeat answers for each partition that this instance owns. */
export interface OwnershipRow {
  readonly sub: number;
  readonly part: number;
  readonly epoch: number;
  readonly position: number;
  readonly next: number;
  readonly low: number;
  readonly surplus: boolean;
}

export interface OwnedPartitionEvents {
  /** `done` has grown. */
  settled(partition: OwnedPartition): void;
  room(): void;
}

const FIRST_GUESS_BYTES = 16 * 1024;

/** A partition of a group while this instance owns it, under one epoch. */
export class OwnedPartition implements LogCursor {
  readonly sub: number;
  readonly part: number;
  readonly epoch: number;
  at: number;
  /** All before it is settled. */
  done: number;
  /** All before it is settled in the database too. */
  committed: number;
  leaving = false;
  messageBytes = FIRST_GUESS_BYTES;
  readonly held: HeldPartition;

  constructor(
    row: OwnershipRow,
    readonly ref: PartitionRef,
    private readonly delivery: Delivery,
    events: OwnedPartitionEvents,
  ) {
    this.sub = row.sub;
    this.part = row.part;
    this.epoch = row.epoch;
    this.at = Math.max(row.position, row.low);
    this.done = row.position;
    this.committed = row.position;
    this.held = delivery.hold(ref.topic, ref.n, {
      acknowledge: (last) => {
        this.done = Number(last.position) + 1;
        events.settled(this);
      },
      room: () => {
        events.room();
      },
    });
  }

  /** Half a buffer at least: a page for a few messages costs as much as a full one. */
  get room(): number {
    const { room } = this.held;
    return room >= this.delivery.bufferSize / 2 ? room : 0;
  }

  receive(rows: readonly MessageRow[]): void {
    const last = rows.at(-1);
    if (!last || this.leaving) return;
    this.at = last.seq + 1;
    this.messageBytes = meanBytes(rows);
    this.held.push(rows.map((row) => decodeMessage(this.ref.topic, this.ref.n, row)));
  }
}

export const meanBytes = (rows: readonly MessageRow[]): number =>
  Math.max(256, Math.ceil(rows.reduce((sum, row) => sum + row.body.length + 256, 0) / rows.length));
