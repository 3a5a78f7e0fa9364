import { Delivery } from '../../delivery/delivery.js';
import type { HeldPartition } from '../../delivery/held-partition.js';
import type { Consumer, ConsumerOptions, Deliver } from '../../driver.js';
import type { MemoryBroker } from './broker.js';
import type { Group, Member } from './group.js';

const CLOSE_DEADLINE_MS = 10_000;

interface Reader {
  readonly held: HeldPartition;
  at: number;
}

/** One group's partitions on one instance. */
export class MemoryGroupConsumer implements Consumer, Member {
  readonly #delivery: Delivery;
  readonly #group: Group;
  readonly #readers = new Map<string, Reader>();
  readonly #wake = (): void => {
    this.#readAll();
  };
  #closing: Promise<void> | undefined;

  constructor(
    private readonly broker: MemoryBroker,
    readonly name: string,
    readonly topics: readonly string[],
    deliver: Deliver,
    options: ConsumerOptions | undefined,
    private readonly onClose: (consumer: MemoryGroupConsumer) => void,
  ) {
    this.#group = broker.group(name, topics);
    this.#delivery = new Delivery(deliver, options);
  }

  join(): void {
    this.broker.addReader(this.#wake);
    this.#group.join(this);
  }

  partitions(): ReadonlyMap<string, readonly number[]> {
    const byTopic = new Map<string, number[]>();
    for (const { held } of this.#readers.values()) {
      byTopic.set(held.topic, [...(byTopic.get(held.topic) ?? []), held.partition]);
    }
    return byTopic;
  }

  pause(): void {
    this.#delivery.pause();
  }

  resume(): void {
    this.#delivery.resume();
  }

  close(deadlineMs = CLOSE_DEADLINE_MS): Promise<void> {
    this.#closing ??= this.#delivery.close(deadlineMs).then(() => {
      this.disconnect();
      this.onClose(this);
    });
    return this.#closing;
  }

  /** As when the connection or the process is lost: nothing that runs is acknowledged, others take over. */
  disconnect(): void {
    this.broker.removeReader(this.#wake);
    for (const { held } of this.#readers.values()) this.#delivery.drop(held);
    this.#readers.clear();
    this.#group.leave(this);
  }

  own(topic: string, partition: number, position: number): void {
    const log = this.broker.logs(topic)[partition];
    if (!log) return;
    const held = this.#delivery.hold(topic, partition, {
      acknowledge: (last) => {
        this.#group.acknowledge(this, topic, partition, Number(last.position) + 1);
      },
      room: () => {
        this.#read(reader);
      },
    });
    const reader: Reader = { held, at: Math.max(position, log.low) };
    this.#readers.set(keyOf(topic, partition), reader);
    this.#read(reader);
  }

  giveUp(topic: string, partition: number): void {
    const reader = this.#readers.get(keyOf(topic, partition));
    if (!reader) return;
    void reader.held.drain().then(() => {
      if (this.#readers.get(keyOf(topic, partition)) !== reader) return;
      this.#delivery.drop(reader.held);
      this.#readers.delete(keyOf(topic, partition));
      this.#group.release(this, topic, partition);
    });
  }

  #readAll(): void {
    for (const reader of this.#readers.values()) this.#read(reader);
  }

  #read(reader: Reader): void {
    const { held } = reader;
    const messages = this.broker.logs(held.topic)[held.partition]?.read(reader.at, held.room) ?? [];
    const last = messages.at(-1);
    if (!last) return;
    reader.at = Number(last.position) + 1;
    held.push(messages);
  }
}

const keyOf = (topic: string, partition: number): string => `${topic}/${String(partition)}`;
