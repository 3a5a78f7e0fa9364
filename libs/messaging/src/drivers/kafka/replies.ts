import type { Headers } from '../../driver.js';
import { partitionOf } from '../../partition.js';
import { decodeHeaders, type KafkaRecord } from './codec.js';
import type { Outage } from './outage.js';
import type { Settings } from './settings.js';
import { Tail } from './tail.js';

/** Of a reply; not an attribute of the message. */
const CORRELATION = 'taskwirecorrelation';

export type ReplyListener = (correlationId: string, headers: Headers, body: Buffer) => void;

/** Replies to this instance: its partition of a topic that all share, filtered by address. */
export class ReplyInbox {
  #listener: ReplyListener = () => undefined;
  #onLost: () => void = () => undefined;
  readonly #tail: Tail;

  constructor(
    readonly address: string,
    private readonly topic: string,
    settings: Settings,
    outage: Outage,
  ) {
    this.#tail = new Tail(
      settings,
      outage,
      (record) => this.#receive(record),
      () => this.#onLost(),
    );
  }

  listen(listener: ReplyListener, onLost: () => void): void {
    this.#listener = listener;
    this.#onLost = onLost;
  }

  /** Resolves when the position is known: before anybody can be asked for a reply. */
  async start(partitions: number): Promise<void> {
    await this.#tail.start([{ topic: this.topic, partitions: [replyPartition(this.address, partitions)] }]);
  }

  async close(): Promise<void> {
    await this.#tail.close();
  }

  abort(): void {
    this.#tail.abort();
  }

  #receive(record: KafkaRecord): void {
    if (record.key?.toString() !== this.address) return;
    const { [CORRELATION]: correlationId, ...headers } = decodeHeaders(record.headers);
    this.#listener(correlationId ?? '', headers, record.value ?? Buffer.alloc(0));
  }
}

export const replyPartition = (address: string, partitions: number): number =>
  partitionOf(address, partitions);

export const replyHeaders = (correlationId: string, headers: Headers): Headers => ({
  ...headers,
  [CORRELATION]: correlationId,
});
