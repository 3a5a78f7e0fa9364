import type { OutgoingMessage, SendError } from '../../driver.js';

const MOST_MESSAGES = 200;
const MOST_REQUEST_BYTES = 8 * 1024 ** 2;

export interface QueuedMessage {
  /** The name on the broker. */
  readonly topic: string;
  readonly message: Pick<OutgoingMessage, 'partition' | 'key' | 'headers' | 'body'>;
  /** What it takes of a record batch. */
  readonly bytes: number;
  /** The largest record batch that its topic takes. */
  readonly batchBytes: number;
  /** Partitions of which an earlier message of the same send was not confirmed. Shared by the messages of one send. */
  readonly broken: Set<string>;
  settle(error: SendError | undefined): void;
}

export interface Batch {
  /** Topic and partition, as in `broken`. */
  readonly key: string;
  readonly items: readonly QueuedMessage[];
}

/** What waits to be sent, by partition. A request takes the front of each. */
export class PartitionQueues {
  /** In the order in which they are looked at: whoever was served goes to the end. */
  readonly #queues = new Map<string, QueuedMessage[]>();

  constructor(private readonly refuse: (item: QueuedMessage) => void) {}

  get isEmpty(): boolean {
    return this.#queues.size === 0;
  }

  add(item: QueuedMessage): void {
    const key = keyOf(item.topic, item.message.partition);
    const queue = this.#queues.get(key);
    if (queue) queue.push(item);
    else this.#queues.set(key, [item]);
  }

  /** The next request: of each partition a record batch that its topic takes. */
  take(): Batch[] {
    const batches: Batch[] = [];
    let bytes = 0;
    for (const [key, queue] of [...this.#queues]) {
      if (bytes >= MOST_REQUEST_BYTES) break;
      const items = this.#takeOf(key, queue);
      this.#queues.delete(key);
      if (queue.length > 0) this.#queues.set(key, queue);
      if (items.length === 0) continue;
      bytes += items.reduce((sum, item) => sum + item.bytes, 0);
      batches.push({ key, items });
    }
    return batches;
  }

  /** Everything that waits. */
  drain(): QueuedMessage[] {
    const items = [...this.#queues.values()].flat();
    this.#queues.clear();
    return items;
  }

  #takeOf(key: string, queue: QueuedMessage[]): QueuedMessage[] {
    const items: QueuedMessage[] = [];
    let bytes = 0;
    let count = 0;
    for (const item of queue) {
      if (!item.broken.has(key)) {
        if (items.length === MOST_MESSAGES || (items.length > 0 && bytes + item.bytes > item.batchBytes))
          break;
        bytes += item.bytes;
        items.push(item);
      } else this.refuse(item);
      count += 1;
    }
    queue.splice(0, count);
    return items;
  }
}

export const keyOf = (topic: string, partition: number): string => `${topic}\0${String(partition)}`;
