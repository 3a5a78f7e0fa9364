import type { Delivery } from '../../delivery/delivery.js';
import type { HeldPartition } from '../../delivery/held-partition.js';
import { decodeRecord, type KafkaRecord } from './codec.js';

export interface OwnedPartitionEvents {
  /** `done` has grown. */
  settled(partition: OwnedPartition): void;
  room(partition: OwnedPartition): void;
}

/** A partition of a group while this instance has it. */
export class OwnedPartition {
  readonly held: HeldPartition;
  /** All before it is settled. */
  #done: bigint;
  /** All before it is settled on the broker too. */
  committed: bigint;

  constructor(
    /** Without the deployment's prefix. */
    readonly name: string,
    /** The name on the broker. */
    readonly topic: string,
    readonly partition: number,
    /** What is read next. */
    public next: bigint,
    delivery: Delivery,
    events: OwnedPartitionEvents,
  ) {
    this.#done = next;
    this.committed = next;
    this.held = delivery.hold(name, partition, {
      acknowledge: (last) => {
        this.#done = BigInt(last.position) + 1n;
        events.settled(this);
      },
      room: () => events.room(this),
    });
  }

  get done(): bigint {
    return this.#done;
  }

  get isDirty(): boolean {
    return !this.held.isGone && this.#done > this.committed;
  }

  receive(records: readonly KafkaRecord[], next: bigint): void {
    this.next = next;
    this.held.push(records.map((record) => decodeRecord(this.name, record)));
  }
}
