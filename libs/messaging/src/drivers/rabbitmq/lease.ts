import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { Delivery } from '../../delivery/delivery.js';
import type { HeldPartition } from '../../delivery/held-partition.js';
import type { IncomingMessage } from '../../driver.js';
import { closeChannel, openChannel } from './channel.js';
import { decodeMessage } from './codec.js';

/**
 * The same in every instance, whatever its batches: what one gives back goes behind all else that was given back, so the next
 * must take all of it, or the order is lost when that one dies too. RabbitMQ counts messages only, not their bytes.
 */
const PREFETCH = 200;
/** A queue with a leader answers its consumer at once; without one, the connection fails after about a minute. */
const MOST_OPENING_MS = 5_000;

/**
 * One partition's queue on a channel of its own. The broker serves one consumer of it at a time, the others wait. It is
 * given up by closing the channel: after a cancel the next consumer would start while messages are unacknowledged here,
 * and a requeue by nack puts a message behind newer ones.
 */
export class Lease {
  readonly #held: HeldPartition;
  readonly #raw = new WeakMap<IncomingMessage, ConsumeMessage>();
  #unacknowledged: IncomingMessage[] = [];
  #channel: Channel | undefined;
  #consumingSince: number | undefined;
  #isClaimed = false;
  #isMine = false;
  #releasing = false;

  constructor(
    readonly topic: string,
    readonly partition: number,
    private readonly delivery: Delivery,
  ) {
    this.#held = delivery.hold(topic, partition, {
      acknowledge: (last) => this.#acknowledge(last),
      room: () => undefined,
    });
  }

  /** Whether the broker is known to serve this consumer. */
  get isMine(): boolean {
    return this.#isMine;
  }

  /** Whether the broker has this consumer, served or waiting. */
  get isClaimed(): boolean {
    return this.#isClaimed;
  }

  /** Whether the broker owes this consumer an answer for longer than a queue with a leader takes. */
  get isStuck(): boolean {
    if (this.#isClaimed || this.#consumingSince === undefined) return false;
    return performance.now() - this.#consumingSince > MOST_OPENING_MS;
  }

  get isReleasing(): boolean {
    return this.#releasing;
  }

  /** Delivered and not acknowledged, oldest first. */
  get unacknowledged(): readonly IncomingMessage[] {
    return this.#unacknowledged;
  }

  /** Nobody else consumes from the queue. */
  own(): void {
    this.#isMine = true;
  }

  async open(model: ChannelModel, queue: string, consumerTag: string, onEnd: () => void): Promise<void> {
    await openChannel(
      model,
      async (channel) => {
        // Released meanwhile: a consumer whose messages nobody takes would hold up the partition for ever.
        if (this.#held.isGone) return closeChannel(channel);
        this.#channel = channel;
        await channel.prefetch(PREFETCH);
        const receive = (message: ConsumeMessage | null): void => {
          if (message) this.#receive(message);
          // The server cancelled: the queue was deleted.
          else void closeChannel(channel);
        };
        this.#consumingSince = performance.now();
        await channel.consume(queue, receive, { consumerTag });
        this.#isClaimed = this.#channel === channel;
      },
      () => {
        this.lose();
        onEnd();
      },
    );
  }

  /** Finishes what runs, acknowledges it, and gives the rest back to the head of the queue, in order. */
  async release(): Promise<void> {
    this.#releasing = true;
    await this.#held.drain();
    await this.close();
  }

  async close(): Promise<void> {
    const channel = this.#channel;
    this.lose();
    if (channel) await closeChannel(channel);
  }

  /** Another consumer may be served now. */
  lose(): void {
    this.#channel = undefined;
    this.#consumingSince = undefined;
    this.#isClaimed = false;
    this.#unacknowledged = [];
    this.delivery.drop(this.#held);
  }

  #receive(message: ConsumeMessage): void {
    if (this.#held.isGone) return;
    this.#isMine = true;
    const incoming = decodeMessage(this.topic, this.partition, message);
    this.#raw.set(incoming, message);
    this.#unacknowledged.push(incoming);
    this.#held.push([incoming]);
  }

  #acknowledge(last: IncomingMessage): void {
    const message = this.#raw.get(last);
    if (!message || !this.#channel) return;
    this.#unacknowledged.splice(0, this.#unacknowledged.indexOf(last) + 1);
    try {
      this.#channel.ack(message, true);
    } catch {
      // The channel is closing: what is not acknowledged comes again, to whoever is served next.
    }
  }
}
