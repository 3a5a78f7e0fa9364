import type { EachBatchPayload } from 'kafkajs';
import { withinMs } from '../../../delivery/within.js';
import type { ConsumerOptions, Deliver } from '../../../driver.js';
import type { KafkaRecord } from '../codec.js';
import type { GroupSession } from '../group-consumer.js';
import { GroupWork } from '../group-work.js';
import type { Outage } from '../outage.js';
import type { OwnedPartition } from '../owned-partition.js';
import type { GroupTopic } from '../platformatic/group-session.js';
import { drainMs, type Settings } from '../settings.js';
import { Membership } from './membership.js';

const JOIN_MS = 20_000;

/** A group by kafkajs, which fetches: `eachBatch` takes what it brings and pauses what has no room. */
export class KafkajsGroupSession implements GroupSession {
  readonly work: GroupWork;
  readonly #membership: Membership;
  readonly #full = new Set<OwnedPartition>();
  #isStopped = false;

  constructor(
    settings: Settings,
    outage: Outage,
    private readonly group: string,
    private readonly topics: readonly GroupTopic[],
    deliver: Deliver,
    options: ConsumerOptions,
  ) {
    const names = topics.map(({ onBroker }) => onBroker);
    const membership = (this.#membership = new Membership(
      settings,
      names,
      group,
      {
        revoked: () => this.work.giveUp(this.work.owned),
        lost: () => this.work.lose(this.work.owned),
        joined: (assignment) => this.#adopt(assignment),
        beat: () => {
          this.work.delivery.wake();
          this.work.commits.poke();
        },
        batch: (payload) => this.#take(payload),
      },
      outage,
    ));
    this.work = new GroupWork(
      deliver,
      options,
      {
        isAlive: () => membership.isAlive,
        mayCommit: (isLast) => membership.mayCommit(isLast),
        commit: (offsets) => membership.commit(offsets),
        room: () => this.#resume(),
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
  }

  async leave(): Promise<void> {
    await this.#membership.leave();
  }

  abort(): void {
    this.#isStopped = true;
    this.#membership.abort();
  }

  #adopt(assignment: Readonly<Record<string, readonly number[]>>): void {
    this.work.lose(this.work.owned);
    this.#full.clear();
    if (this.#isStopped) return;
    for (const { name, onBroker } of this.topics) {
      // Where it starts is known to kafkajs: the committed offset, or the earliest message.
      for (const partition of assignment[onBroker] ?? []) {
        this.work.take(name, onBroker, partition, 0n);
        this.#membership.resume(onBroker, partition);
      }
    }
  }

  async #take({ batch, resolveOffset, heartbeat, isRunning }: EachBatchPayload): Promise<void> {
    const { topic, partition } = batch;
    const owned = this.work.find(topic, partition);
    if (!owned || this.#isStopped || !isRunning()) return;
    const records = batch.messages.map((message) => recordOf(topic, partition, message));
    owned.receive(
      records.filter(({ offset }) => offset >= owned.next),
      BigInt(batch.lastOffset()) + 1n,
    );
    resolveOffset(batch.lastOffset());
    if (!this.#hasRoom(owned)) {
      this.#full.add(owned);
      this.#membership.pause(topic, partition);
    }
    await heartbeat();
  }

  #resume(): void {
    for (const owned of this.#full) {
      if (!owned.held.isGone && !this.#hasRoom(owned)) continue;
      this.#full.delete(owned);
      if (!owned.held.isGone) this.#membership.resume(owned.topic, owned.partition);
    }
  }

  #hasRoom({ held }: OwnedPartition): boolean {
    return !this.work.isPaused && held.room >= this.work.delivery.bufferSize / 2;
  }
}

type KafkajsMessage = EachBatchPayload['batch']['messages'][number];

function recordOf(topic: string, partition: number, message: KafkajsMessage): KafkaRecord {
  const { offset, key, value, headers } = message;
  return { topic, partition, offset: BigInt(offset), key, value, headers: headersOf(headers) };
}

/** A header that comes several times is an array: the first one counts. */
function headersOf(headers: KafkajsMessage['headers']): [string, Buffer | null][] {
  return Object.entries(headers ?? {}).map(([name, value]) => {
    const first = Array.isArray(value) ? value[0] : value;
    return [name, first === undefined ? null : Buffer.from(first)];
  });
}
