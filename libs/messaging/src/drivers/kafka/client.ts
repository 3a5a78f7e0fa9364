import type { RecordHeaders } from './codec.js';

/** What a client is asked to write, in order, to one partition. */
export interface PartitionBatch {
  /** The name on the broker. */
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly {
    readonly key: Buffer;
    readonly value: Buffer;
    readonly headers: RecordHeaders;
  }[];
}

/** Writes for one driver. One call at a time: that keeps the order. */
export interface ProducerPort {
  /** Rejects when no broker can be reached. */
  connect(): Promise<void>;
  readonly isConnected: boolean;
  /**
   * Resolves when every replica that must have the messages has them; rejects with a `ProduceError`. Repeats by itself what
   * the broker may have missed, under the sequence numbers that make a repeat harmless, until `deadlineMs`.
   */
  send(batches: readonly PartitionBatch[], deadlineMs: number): Promise<void>;
  close(): Promise<void>;
  /** Cuts its connections without a word. */
  abort(): void;
}

export class ProduceError extends Error {
  override readonly name = 'ProduceError';
  constructor(
    /** Certainly nothing was written. */
    readonly isNotStored: boolean,
    /** A limit of the topic has changed since it was read. */
    readonly isTooLarge: boolean,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface PartitionOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}
