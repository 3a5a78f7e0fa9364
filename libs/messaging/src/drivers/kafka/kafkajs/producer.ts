import type { ICustomPartitioner, Producer } from 'kafkajs';
import { Attempt } from '../attempt.js';
import { ProduceError, type PartitionBatch, type ProducerPort } from '../client.js';
import { messageOf } from '../outage.js';
import { REQUEST_TIMEOUT_MS, type Settings } from '../settings.js';
import { openKafka, Sockets } from './client.js';

/** Until whoever waits for the outcome has given up. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, retries: Number.MAX_SAFE_INTEGER };
const TOO_LARGE: ReadonlySet<unknown> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

/** Every message names its partition. */
const explicit: ICustomPartitioner =
  () =>
  ({ message }) =>
    message.partition ?? 0;

interface Connected {
  readonly sockets: Sockets;
  readonly producer: Producer;
  readonly ready: Promise<void>;
}

export class KafkajsProducer implements ProducerPort {
  #current: Connected | undefined;
  #attempt: Attempt | undefined;
  #closed = false;

  constructor(private readonly settings: Settings) {}

  get isConnected(): boolean {
    return this.#current?.sockets.isConnected === true;
  }

  async connect(): Promise<void> {
    const connected = (this.#current ??= this.#open());
    try {
      await new Attempt(true, REQUEST_TIMEOUT_MS).within(connected.ready);
    } catch (error) {
      this.#drop(connected);
      throw error;
    }
  }

  async send(batches: readonly PartitionBatch[], deadlineMs: number): Promise<void> {
    const attempt = new Attempt(this.isConnected, deadlineMs);
    this.#attempt = attempt;
    const current = (this.#current ??= this.#open());
    try {
      await attempt.within(current.ready.then(() => current.producer.sendBatch(requestOf(batches))));
    } catch (error) {
      // Its next request would reuse the sequence numbers of this one: a broker that stored this one would then drop the
      // next as a duplicate, and confirm it.
      this.#drop(current);
      const isTooLarge = TOO_LARGE.has((error as { type?: unknown }).type);
      throw new ProduceError(!attempt.mayBeWritten, isTooLarge, messageOf(error), { cause: error });
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#current?.producer.disconnect().catch(() => undefined);
  }

  abort(): void {
    this.#closed = true;
    if (this.#current) this.#drop(this.#current);
  }

  #drop(connected: Connected): void {
    connected.sockets.cut();
    connected.producer.disconnect().catch(() => undefined);
    if (this.#current === connected) this.#current = undefined;
  }

  #open(): Connected {
    if (this.#closed) throw new Error('the producer is closed');
    const sockets = new Sockets(() => this.#attempt?.connected());
    const producer = openKafka(this.settings, sockets, RETRY).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: explicit,
    });
    const ready = producer.connect();
    ready.catch(() => undefined);
    return { sockets, producer, ready };
  }
}

const requestOf = (batches: readonly PartitionBatch[]): Parameters<Producer['sendBatch']>[0] => ({
  acks: -1,
  topicMessages: [...Map.groupBy(batches, ({ topic }) => topic)].map(([topic, of]) => ({
    topic,
    messages: of.flatMap(({ partition, messages }) => messages.map((m) => ({ ...m, partition }))),
  })),
});
