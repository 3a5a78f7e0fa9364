import { Admission } from '../../delivery/admission.js';
import { SingleFlight } from '../../delivery/single-flight.js';
import { withinMs } from '../../delivery/within.js';
import { type OutgoingMessage, SendError } from '../../driver.js';
import { ProduceError, type PartitionBatch, type ProducerPort } from './client.js';
import { bytesOf, encodeHeaders } from './codec.js';
import { messageOf, type Outage } from './outage.js';
import { type Batch, keyOf, PartitionQueues, type QueuedMessage } from './partition-queues.js';

const MOST_UNCONFIRMED = 10_000;
const WATCH_EVERY_MS = 250;
/** What waits is refused when there is no connection for this long; what was written may still be repeated. */
const PATIENCE_MS = 1_500;

const BEHIND_ANOTHER = 'kafka bus: an earlier message of this partition in the same send was not stored';

export interface SendTarget {
  readonly topic: string;
  readonly batchBytes: number;
}

export interface PublisherHost {
  /** Where a message goes, or why it never can. */
  target(message: OutgoingMessage): SendTarget | SendError;
  readonly maxMessageBytes: number;
  readonly deliveryTimeoutMs: number;
  /** A topic takes less than was known. */
  tooLarge(): Promise<void>;
}

/** Partitions of one send of which nothing more may be stored, because what is confirmed must be a prefix. */
interface Call {
  /** By a check, before anything of what follows was queued. */
  readonly refused: Set<string>;
  /** By a request that failed. */
  readonly broken: Set<string>;
}

/**
 * One request at a time, filled from all partitions: that keeps the order of each, confirms a prefix of each, and is ten
 * times as fast as a request for each.
 */
export class Publisher {
  readonly #admission = new Admission(MOST_UNCONFIRMED);
  readonly #queues = new PartitionQueues((item) => refuse(item, BEHIND_ANOTHER));
  readonly #flight = new SingleFlight(async () => {
    while (!this.#queues.isEmpty) await this.#sendNext();
  });
  #closed = false;
  #downSince: number | undefined;

  constructor(
    private readonly producer: ProducerPort,
    private readonly host: PublisherHost,
    private readonly outage: Outage,
  ) {}

  /** Up to the queues there is nothing to wait for but room: that keeps the order of the calls. */
  async send(messages: readonly OutgoingMessage[]): Promise<readonly (SendError | undefined)[]> {
    if (messages.length === 0) return [];
    return new Promise((resolve) => {
      this.#admission.enter(messages.length, () => {
        const call: Call = { refused: new Set(), broken: new Set() };
        const settled = Promise.all(messages.map((message) => this.#enqueue(message, call)));
        this.#flight.poke();
        resolve(settled.finally(() => this.#admission.leave(messages.length)));
      });
    });
  }

  /** Refuses new sends and waits for those that run. */
  async close(deadlineMs: number): Promise<void> {
    this.#closed = true;
    if (!(await withinMs(this.#flight.idle(), deadlineMs))) this.abort();
  }

  abort(): void {
    this.#closed = true;
    this.producer.abort();
    this.#refuseWaiting('kafka bus: the driver is closed');
  }

  /** Resolves, never rejects, with the outcome. */
  #enqueue(message: OutgoingMessage, { refused, broken }: Call): Promise<SendError | undefined> {
    const target = this.host.target(message);
    if (target instanceof SendError) return Promise.resolve(target);
    const key = keyOf(target.topic, message.partition);
    const bytes = bytesOf(message);
    const refusal = this.#refusal(message, bytes, target, refused.has(key));
    if (refusal) {
      refused.add(key);
      return Promise.resolve(refusal);
    }
    return new Promise((settle) => {
      this.#queues.add({ ...target, message, bytes, broken, settle });
    });
  }

  #refusal(
    { topic, body }: OutgoingMessage,
    bytes: number,
    target: SendTarget,
    isBehind: boolean,
  ): SendError | undefined {
    if (this.#closed) return new SendError('not-stored', 'kafka bus: the driver is closed');
    if (isBehind) return new SendError('not-stored', BEHIND_ANOTHER);
    const { maxMessageBytes } = this.host;
    if (body.length > maxMessageBytes) {
      const sizes = `${String(body.length)} bytes, at most ${String(maxMessageBytes)} are taken`;
      return new SendError('not-stored', `kafka bus: a body for ${topic} has ${sizes}`, true);
    }
    if (bytes <= target.batchBytes) return undefined;
    const sizes = `${String(bytes)} bytes with its headers, at most ${String(target.batchBytes)} are taken`;
    return new SendError(
      'not-stored',
      `kafka bus: a message for ${topic} has ${sizes} (max.message.bytes)`,
      true,
    );
  }

  async #sendNext(): Promise<void> {
    const batches = this.#queues.take();
    if (batches.length === 0) return;
    const watch = setInterval(() => this.#refuseWhileDown(), WATCH_EVERY_MS);
    try {
      await this.producer.send(batches.map(encodeBatch), this.host.deliveryTimeoutMs);
      this.outage.ended();
      for (const { key, items } of batches) for (const item of items) confirm(item, key);
    } catch (error) {
      await this.#failed(batches, error);
    } finally {
      clearInterval(watch);
    }
  }

  async #failed(batches: readonly Batch[], error: unknown): Promise<void> {
    const { isNotStored, isTooLarge } =
      error instanceof ProduceError ? error : { isNotStored: false, isTooLarge: false };
    if (isTooLarge) await this.host.tooLarge().catch(() => undefined);
    if (isNotStored) this.outage.began(error);
    const text = `kafka bus: ${isNotStored ? 'not sent' : 'not confirmed'}: ${messageOf(error)}`;
    const failure = new SendError(isNotStored ? 'not-stored' : 'unknown', text, false, { cause: error });
    for (const { key, items } of batches) for (const item of items) item.broken.add(key);
    for (const { items } of batches) for (const item of items) item.settle(failure);
  }

  /** What was not handed to the client yet is certainly not stored. */
  #refuseWhileDown(): void {
    if (this.producer.isConnected) {
      this.#downSince = undefined;
      return;
    }
    this.#downSince ??= performance.now();
    if (performance.now() - this.#downSince < PATIENCE_MS) return;
    this.outage.began(new Error('no connection'));
    this.#refuseWaiting('kafka bus: no connection to send with: check that a broker runs and is reachable');
  }

  #refuseWaiting(reason: string): void {
    for (const item of this.#queues.drain()) refuse(item, reason);
  }
}

const encodeBatch = ({ items }: Batch): PartitionBatch => ({
  topic: items[0]?.topic ?? '',
  partition: items[0]?.message.partition ?? 0,
  messages: items.map(({ message: { key, headers, body } }) => ({
    key: Buffer.from(key),
    value: body,
    headers: encodeHeaders(headers),
  })),
});

/** Stored behind a gap: whoever sends the gap again must send this again too, or the order is lost. */
function confirm(item: QueuedMessage, key: string): void {
  item.settle(item.broken.has(key) ? new SendError('unknown', BEHIND_ANOTHER) : undefined);
}

function refuse(item: QueuedMessage, reason: string): void {
  item.broken.add(keyOf(item.topic, item.message.partition));
  item.settle(new SendError('not-stored', reason));
}
