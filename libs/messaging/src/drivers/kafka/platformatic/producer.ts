import { ProduceAcks, Producer } from '@platformatic/kafka';
import { ProduceError, type PartitionBatch, type ProducerPort } from '../client.js';
import { messageOf } from '../outage.js';
import { Attempt } from '../attempt.js';
import { REQUEST_TIMEOUT_MS, type Settings } from '../settings.js';
import { baseOptions, closeQuietly, cut, hasCode, hasConnection, watched } from './client.js';

type ByteProducer = Producer<Buffer, Buffer, string, Buffer>;

const serializers = {
  key: (data?: Buffer) => data,
  value: (data?: Buffer) => data,
  headerKey: (data?: string) => (data === undefined ? undefined : Buffer.from(data)),
  headerValue: (data?: Buffer) => data,
};

export class PlatformaticProducer implements ProducerPort {
  #client: ByteProducer;
  #attempt: Attempt | undefined;
  #closed = false;

  constructor(private readonly settings: Settings) {
    this.#client = this.#open();
  }

  get isConnected(): boolean {
    return hasConnection(this.#client);
  }

  async connect(): Promise<void> {
    await new Attempt(true, REQUEST_TIMEOUT_MS).within(this.#client.initIdempotentProducer({}));
  }

  async send(batches: readonly PartitionBatch[], deadlineMs: number): Promise<void> {
    const attempt = new Attempt(this.isConnected, deadlineMs);
    this.#attempt = attempt;
    const messages = batches.flatMap(({ topic, partition, messages: list }) =>
      list.map((message) => ({ topic, partition, ...message })),
    );
    try {
      await attempt.within(this.#client.send({ acks: ProduceAcks.ALL, messages }));
    } catch (error) {
      if (attempt.isOver) this.#replace();
      const isTooLarge = hasCode(error, 'MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE');
      throw new ProduceError(!attempt.mayBeWritten, isTooLarge, messageOf(error), { cause: error });
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await closeQuietly(this.#client);
  }

  abort(): void {
    this.#closed = true;
    cut(this.#client);
  }

  /** Whatever the old client still repeats must not come after what the next one sends. */
  #replace(): void {
    if (this.#closed) return;
    cut(this.#client);
    this.#client = this.#open();
  }

  #open(): ByteProducer {
    const client: ByteProducer = new Producer({
      ...baseOptions(this.settings, true),
      idempotent: true,
      serializers,
    });
    client.on('client:broker:connect', () => this.#attempt?.connected());
    return watched(client);
  }
}
