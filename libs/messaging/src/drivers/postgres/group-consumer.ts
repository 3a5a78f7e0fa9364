import { Delivery } from '../../delivery/delivery.js';
import { withinMs } from '../../delivery/within.js';
import type { Consumer, ConsumerOptions, Deliver } from '../../driver.js';
import type { Fetcher } from './fetcher.js';
import { OwnedPartition, type OwnershipRow } from './owned-partition.js';
import type { PartitionRef } from './topology.js';

const CLOSE_DEADLINE_MS = 10_000;
/** Of a close the part that what runs may take; the rest is for handing over. */
const DRAIN_SHARE = 0.8;

/** What a group consumer needs from its instance. */
export interface GroupHost {
  readonly fetcher: Fetcher;
  /** Whether this instance's heartbeat is recent enough to start work. */
  isAlive(): boolean;
  partition(id: number): PartitionRef | undefined;
  commit(partition: OwnedPartition): void;
  /** Hands a surplus partition over. */
  release(partition: OwnedPartition): Promise<void>;
  /** Leaves the group with all that is still owned. */
  leave(consumer: GroupConsumer): Promise<void>;
  warn(text: string): void;
}

/** One group's partitions on this instance. */
export class GroupConsumer implements Consumer {
  readonly #delivery: Delivery;
  readonly #owned = new Map<number, OwnedPartition>();
  #closing: Promise<void> | undefined;

  constructor(
    readonly group: string,
    /** Subscription ids, one a topic. */
    readonly subs: readonly number[],
    private readonly host: GroupHost,
    deliver: Deliver,
    options: ConsumerOptions = {},
  ) {
    this.#delivery = new Delivery(deliver, { ...options, mayStart: () => host.isAlive() });
  }

  get owned(): readonly OwnedPartition[] {
    return [...this.#owned.values()];
  }

  partitions(): ReadonlyMap<string, readonly number[]> {
    const byTopic = new Map<string, number[]>();
    for (const { ref } of this.owned) byTopic.set(ref.topic, [...(byTopic.get(ref.topic) ?? []), ref.n]);
    return byTopic;
  }

  pause(): void {
    this.#delivery.pause();
  }

  resume(): void {
    this.#delivery.resume();
  }

  close(deadlineMs = CLOSE_DEADLINE_MS): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  /** Takes in what a heartbeat answered: drops what is lost, starts what is new, gives up what is too much. */
  apply(rows: readonly OwnershipRow[]): void {
    if (this.#closing) return;
    const kept = new Map(rows.map((row) => [row.part, row]));
    for (const p of this.owned) if (kept.get(p.part)?.epoch !== p.epoch) this.drop(p);
    for (const row of rows) this.#own(row);
    this.#delivery.wake();
  }

  /** The partition is another instance's now, or nobody's. */
  drop(partition: OwnedPartition): void {
    this.host.fetcher.remove(partition);
    this.#delivery.drop(partition.held);
    if (this.#owned.get(partition.part) === partition) this.#owned.delete(partition.part);
  }

  /** As when the process dies: nothing more is started or acknowledged. */
  abort(): void {
    this.#closing ??= Promise.resolve();
    for (const p of this.owned) this.drop(p);
  }

  #own(row: OwnershipRow): void {
    const partition = this.#owned.get(row.part) ?? this.#take(row);
    if (!partition || partition.leaving) return;
    if (partition.at < row.low) {
      this.host.warn(
        `postgres bus: group ${this.group} lost messages ${String(partition.at)} to ${String(row.low - 1)} of ` +
          `${partition.ref.topic}/${String(partition.ref.n)}: retention passed it`,
      );
      partition.at = row.low;
    }
    if (partition.done > partition.committed) this.host.commit(partition);
    if (row.surplus) void this.#giveUp(partition);
    else if (partition.at < row.next) this.host.fetcher.mark(partition);
  }

  #take(row: OwnershipRow): OwnedPartition | undefined {
    const ref = this.host.partition(row.part);
    if (!ref) return undefined;
    const partition = new OwnedPartition(row, ref, this.#delivery, {
      settled: (p) => {
        this.host.commit(p);
      },
      room: () => {
        this.host.fetcher.poke();
      },
    });
    this.#owned.set(row.part, partition);
    this.host.fetcher.add(partition);
    return partition;
  }

  async #giveUp(partition: OwnedPartition): Promise<void> {
    partition.leaving = true;
    await partition.held.drain();
    try {
      await this.host.release(partition);
    } catch {
      // The connection is gone: either this instance's lease ends with it, or the next heartbeat says so again. Its
      // buffer is dropped, so it starts anew from its position.
    }
    this.drop(partition);
  }

  async #close(deadlineMs: number): Promise<void> {
    const end = performance.now() + deadlineMs;
    await this.#delivery.close(deadlineMs * DRAIN_SHARE);
    await withinMs(this.host.leave(this), end - performance.now());
    for (const p of this.owned) this.drop(p);
  }
}
