import type { Channel, ChannelModel } from 'amqplib';
import { withinMs } from '../../delivery/within.js';
import type { Headers } from '../../driver.js';
import { closeChannel, openChannel } from './channel.js';
import { decodeHeaders, encodeHeaders } from './codec.js';
import { Kept } from './kept.js';
import type { Names } from './names.js';
import { PULSE } from './voice.js';

const DRAIN_TIMEOUT_MS = 5_000;

type ReplyListener = (correlationId: string, headers: Headers, body: Buffer) => void;

/**
 * Replies to this instance, by an exclusive queue with a name of its own for each connection. RabbitMQ's direct reply-to
 * saves the queue, but only its receiver learns the address, and it is bound to the channel that asked.
 */
export class ReplyInbox {
  #listener: ReplyListener = () => undefined;
  #onLost: () => void = () => undefined;
  #queues = 0;
  readonly #kept: Kept;

  constructor(
    private readonly id: string,
    private readonly names: Names,
    warn: (text: string) => void,
  ) {
    this.#kept = new Kept('the reply queue', (model, ended) => this.#open(model, ended), warn);
  }

  get address(): string {
    return this.names.replies(`${this.id}.${String(this.#queues)}`);
  }

  listen(listener: ReplyListener, onLost: () => void): void {
    this.#listener = listener;
    this.#onLost = onLost;
  }

  async attach(model: ChannelModel): Promise<void> {
    await this.#kept.attach(model);
  }

  /** Whoever waits for a reply is told at once, not when the next connection is there. */
  detach(): void {
    this.#kept.detach();
    this.#onLost();
  }

  async #open(model: ChannelModel, ended: () => void): Promise<void> {
    this.#queues += 1;
    const queue = this.address;
    await openChannel(
      model,
      async (channel) => {
        await channel.assertQueue(queue, { exclusive: true, autoDelete: true, durable: false });
        await channel.consume(
          queue,
          (message) => {
            // The server cancelled: the queue was deleted.
            if (!message) return void closeChannel(channel);
            const { type, correlationId, headers } = message.properties as {
              type?: string;
              correlationId?: string;
              headers?: Record<string, unknown>;
            };
            if (type === PULSE) return;
            this.#listener(correlationId ?? '', decodeHeaders(headers), message.content);
          },
          { noAck: true },
        );
      },
      () => {
        this.#onLost();
        ended();
      },
    );
    // Those who asked since the loss have named a queue that was gone, or not there yet.
    if (this.#queues > 1) this.#onLost();
  }
}

/** Sends replies. Never `mandatory`: whether one arrives is not known, and a requester that is gone needs none. */
export class ReplySender {
  readonly #kept: Kept;
  #channel: Channel | undefined;
  /** Ends when what was written has left; nothing is written meanwhile. */
  #drained: Promise<undefined> | undefined;

  constructor(
    private readonly isBlocked: () => boolean,
    warn: (text: string) => void,
  ) {
    this.#kept = new Kept('the channel for replies', (model, ended) => this.#open(model, ended), warn);
  }

  async attach(model: ChannelModel): Promise<void> {
    await this.#kept.attach(model);
  }

  detach(): void {
    this.#kept.detach();
    this.#channel = undefined;
  }

  async send(address: string, correlationId: string, headers: Headers, body: Buffer): Promise<void> {
    const end = performance.now() + DRAIN_TIMEOUT_MS;
    while (this.#drained && !this.isBlocked()) {
      const leftMs = Math.max(0, end - performance.now());
      if (!(await withinMs(this.#drained, leftMs))) {
        throw new Error('rabbitmq bus: no reply is sent: the broker does not read');
      }
    }
    if (this.isBlocked()) throw new Error('rabbitmq bus: no reply is sent: the broker takes no messages');
    if (!this.#channel) throw new Error('rabbitmq bus: no connection to reply with');
    const options = { correlationId, headers: encodeHeaders(headers), persistent: false };
    const hasRoom = this.#channel.publish('', address, body, options);
    if (!hasRoom && !this.#drained) this.#waitForDrain(this.#channel);
  }

  #waitForDrain(channel: Channel): void {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#drained = promise;
    const end = (): void => {
      channel.off('drain', end).off('close', end);
      if (this.#drained === promise) this.#drained = undefined;
      resolve(undefined);
    };
    channel.on('drain', end).on('close', end);
  }

  async #open(model: ChannelModel, ended: () => void): Promise<void> {
    this.#channel = await openChannel(
      model,
      (channel) => Promise.resolve(channel),
      (channel) => {
        if (this.#channel === channel) this.#channel = undefined;
        ended();
      },
    );
  }
}
