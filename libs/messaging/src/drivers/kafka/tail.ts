import type { KafkaRecord } from './codec.js';
import { insist } from './insist.js';
import type { Outage } from './outage.js';
import { type FetchCursor, Fetcher } from './platformatic/fetcher.js';
import type { Settings } from './settings.js';

const POSITIONS_MS = 10_000;
const LATEST = -1n;

export interface TailTopic {
  /** The name on the broker. */
  readonly topic: string;
  readonly partitions: readonly number[];
}

/** Reads topics from their ends, outside any group: nothing is acknowledged, nothing is left on the broker. */
export class Tail {
  readonly #fetcher: Fetcher;
  #paused = false;

  constructor(
    settings: Settings,
    outage: Outage,
    private readonly receive: (record: KafkaRecord) => void,
    /** Something may have been missed: the connection was lost, or the log has lost what was next. */
    private readonly interrupted: () => void,
  ) {
    this.#fetcher = new Fetcher(settings, outage, interrupted);
  }

  /** Resolves when the position of each partition is known: whatever is sent from then on is read. */
  async start(topics: readonly TailTopic[]): Promise<void> {
    for (const { topic, partitions } of topics) {
      const offsets = await insist(
        () =>
          this.#fetcher.client.listOffsets({
            topics: [topic],
            partitions: { [topic]: [...partitions] },
            timestamp: LATEST,
            isolationLevel: 0,
          }),
        POSITIONS_MS,
      );
      for (const partition of partitions) this.#read(topic, partition, offsets.get(topic)?.[partition] ?? 0n);
    }
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#fetcher.wake();
  }

  async close(): Promise<void> {
    await this.#fetcher.close();
  }

  abort(): void {
    this.#fetcher.abort();
  }

  #read(topic: string, partition: number, next: bigint): void {
    const cursor = new TailCursor(
      topic,
      partition,
      next,
      () => !this.#paused,
      this.receive,
      this.interrupted,
    );
    this.#fetcher.add(cursor);
  }
}

class TailCursor implements FetchCursor {
  constructor(
    readonly topic: string,
    readonly partition: number,
    public next: bigint,
    private readonly isOpen: () => boolean,
    private readonly onRecord: (record: KafkaRecord) => void,
    private readonly interrupted: () => void,
  ) {}

  get isWanted(): boolean {
    return this.isOpen();
  }

  receive(records: readonly KafkaRecord[], next: bigint): void {
    // Paused while the answer was on its way: it is asked for again.
    if (!this.isWanted) return;
    this.next = next;
    for (const record of records) this.onRecord(record);
  }

  outOfRange(_low: bigint, end: bigint): void {
    this.next = end;
    this.interrupted();
  }
}
