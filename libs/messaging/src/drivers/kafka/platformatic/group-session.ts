import type { GroupAssignment } from '@platformatic/kafka';
import { withinMs } from '../../../delivery/within.js';
import type { ConsumerOptions, Deliver } from '../../../driver.js';
import type { KafkaRecord } from '../codec.js';
import type { GroupSession } from '../group-consumer.js';
import { GroupWork } from '../group-work.js';
import { insist } from '../insist.js';
import type { Outage } from '../outage.js';
import type { OwnedPartition } from '../owned-partition.js';
import { drainMs, type Settings } from '../settings.js';
import { type FetchCursor, Fetcher } from './fetcher.js';
import { holds, Membership } from './membership.js';

const JOIN_MS = 20_000;
const START_MS = 10_000;
const EARLIEST = -2n;

export interface GroupTopic {
  readonly name: string;
  readonly onBroker: string;
}

/** A group by @platformatic/kafka: its membership, and a fetch loop of our own on connections of its own. */
export class PlatformaticGroupSession implements GroupSession {
  readonly work: GroupWork;
  readonly #membership: Membership;
  readonly #fetcher: Fetcher;
  readonly #cursors = new Map<OwnedPartition, GroupCursor>();
  #joins = 0;
  #isStopped = false;

  constructor(
    private readonly settings: Settings,
    private readonly outage: Outage,
    private readonly group: string,
    private readonly topics: readonly GroupTopic[],
    deliver: Deliver,
    options: ConsumerOptions,
  ) {
    this.#fetcher = new Fetcher(settings, outage);
    this.#membership = new Membership(
      settings,
      topics.map(({ onBroker }) => onBroker),
      group,
      {
        revoked: (kept) => this.#giveUp(kept),
        lost: () => this.#drop(this.work.owned),
        joined: (assignments) => void this.#adopt(assignments),
        beat: () => {
          this.work.delivery.wake();
          this.work.commits.poke();
        },
      },
      outage,
    );
    const membership = this.#membership;
    this.work = new GroupWork(
      deliver,
      options,
      {
        isAlive: () => membership.isAlive,
        mayCommit: (isLast) => membership.mayCommit(isLast),
        commit: (offsets) => membership.commit(offsets),
        room: () => this.#fetcher.wake(),
      },
      drainMs(settings),
    );
  }

  async join(): Promise<void> {
    if (await withinMs(this.#membership.join(), JOIN_MS)) return;
    throw new Error(`kafka bus: group ${this.group} could not be joined within ${String(JOIN_MS / 1_000)} s`);
  }

  stop(): void {
    this.#isStopped = true;
    this.#stopReading(this.work.owned);
  }

  async leave(): Promise<void> {
    await Promise.all([this.#membership.leave(), this.#fetcher.close()]);
  }

  abort(): void {
    this.#isStopped = true;
    this.#membership.abort();
    this.#fetcher.abort();
  }

  async #giveUp(kept: readonly GroupAssignment[]): Promise<void> {
    const revoked = this.work.owned.filter(({ topic, partition }) => !holds(kept, topic, partition));
    this.#stopReading(revoked);
    await this.work.giveUp(revoked);
  }

  #drop(partitions: readonly OwnedPartition[]): void {
    this.#stopReading(partitions);
    this.work.lose(partitions);
  }

  #stopReading(partitions: readonly OwnedPartition[]): void {
    for (const owned of partitions) {
      const cursor = this.#cursors.get(owned);
      if (cursor) this.#fetcher.remove(cursor);
      this.#cursors.delete(owned);
    }
  }

  /** Takes in what the group has given to this member. */
  async #adopt(assignments: readonly GroupAssignment[]): Promise<void> {
    const join = (this.#joins += 1);
    const isOver = (): boolean => this.#isStopped || join !== this.#joins;
    this.#drop(this.work.owned.filter(({ topic, partition }) => !holds(assignments, topic, partition)));
    for (const { topic, partitions } of assignments) {
      const fresh = partitions.filter((partition) => !this.work.find(topic, partition));
      if (fresh.length === 0) continue;
      try {
        const starts = await insist(() => this.#starts(topic, fresh), START_MS, isOver);
        if (isOver()) return;
        for (const [partition, start] of starts) this.#take(topic, partition, start);
      } catch (error) {
        if (isOver()) return;
        // Without offsets nothing can start. The connection is gone; the next join brings another try.
        this.outage.began(error);
        setTimeout(() => void (isOver() || this.#adopt(assignments)), this.settings.heartbeatMs);
        return;
      }
    }
    this.work.commits.poke();
  }

  #take(topic: string, partition: number, start: bigint): void {
    const name = this.topics.find(({ onBroker }) => onBroker === topic)?.name;
    if (name === undefined) return;
    const owned = this.work.take(name, topic, partition, start);
    const cursor = new GroupCursor(owned, this.work, (low) =>
      this.settings.onWarning(
        `kafka bus: group ${this.group} lost messages of ${topic}/${String(partition)}: the log begins at ${String(low)}, ` +
          `the group stood at ${String(owned.next)}`,
      ),
    );
    this.#cursors.set(owned, cursor);
    this.#fetcher.add(cursor);
  }

  /** Where the group stands, or the earliest message: never the latest, which would skip what came meanwhile. */
  async #starts(topic: string, partitions: number[]): Promise<[number, bigint][]> {
    const committed = await this.#membership.committed(topic, partitions);
    return Promise.all(
      partitions.map(async (partition): Promise<[number, bigint]> => {
        const offset = committed[partition] ?? -1n;
        return [
          partition,
          offset >= 0n ? offset : await this.#fetcher.offset({ topic, partition }, EARLIEST),
        ];
      }),
    );
  }
}

class GroupCursor implements FetchCursor {
  readonly topic: string;
  readonly partition: number;

  constructor(
    private readonly owned: OwnedPartition,
    private readonly work: GroupWork,
    private readonly onLoss: (low: bigint) => void,
  ) {
    this.topic = owned.topic;
    this.partition = owned.partition;
  }

  get next(): bigint {
    return this.owned.next;
  }

  /** Half a buffer at least: a request for a few messages costs as much as a full one. */
  get isWanted(): boolean {
    return !this.work.isPaused && this.owned.held.room >= this.work.delivery.bufferSize / 2;
  }

  receive(records: readonly KafkaRecord[], next: bigint): void {
    this.owned.receive(records, next);
  }

  outOfRange(low: bigint): void {
    this.onLoss(low);
    this.owned.next = low;
  }
}
