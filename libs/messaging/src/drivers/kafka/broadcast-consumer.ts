import type { Consumer, IncomingMessage } from '../../driver.js';
import { decodeRecord } from './codec.js';
import type { Outage } from './outage.js';
import type { Settings } from './settings.js';
import { Tail } from './tail.js';

export interface BroadcastTopic {
  readonly name: string;
  readonly onBroker: string;
  readonly partitions: number;
}

/** Reads topics from now on: every instance sees everything. */
export class BroadcastConsumer implements Consumer {
  readonly #tail: Tail;
  #isOpen = true;

  constructor(
    settings: Settings,
    outage: Outage,
    private readonly topics: readonly BroadcastTopic[],
    receive: (message: IncomingMessage) => void,
    private readonly resync: () => void,
    private readonly left: (consumer: BroadcastConsumer) => void,
  ) {
    const names = new Map(topics.map(({ name, onBroker }) => [onBroker, name]));
    this.#tail = new Tail(
      settings,
      outage,
      (record) => {
        if (this.#isOpen) receive(decodeRecord(names.get(record.topic) ?? record.topic, record));
      },
      () => {
        if (this.#isOpen) resync();
      },
    );
  }

  async start(): Promise<void> {
    await this.#tail.start(
      this.topics.map(({ onBroker, partitions }) => ({ topic: onBroker, partitions: upTo(partitions) })),
    );
    if (this.#isOpen) this.resync();
  }

  partitions(): ReadonlyMap<string, readonly number[]> {
    if (!this.#isOpen) return new Map();
    return new Map(this.topics.map(({ name, partitions }) => [name, upTo(partitions)]));
  }

  pause(): void {
    this.#tail.pause();
  }

  resume(): void {
    this.#tail.resume();
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.left(this);
    await this.#tail.close();
  }

  abort(): void {
    this.#isOpen = false;
    this.#tail.abort();
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
