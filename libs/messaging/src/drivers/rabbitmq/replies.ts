import { once } from 'node:events';
import type { Channel, ChannelModel } from 'amqplib';
import type { Headers } from '../../driver.js';
import { decodeHeaders, encodeHeaders } from './codec.js';
import { openChannel } from './connection.js';
import type { Names } from './names.js';

const DRAIN_TIMEOUT_MS = 5_000;

type ReplyListener = (correlationId: string, headers: Headers, body: Buffer) => void;

/**
 * Replies to this instance, by an exclusive queue with a name of its own for each connection. RabbitMQ's direct reply-to
 * saves the queue, but only its receiver learns the address, and it is bound to the channel that asked.
 */
export class ReplyInbox {
  #listener: ReplyListener = () => undefined;
  #onLost: () => void = () => undefined;
  #connections = 0;

  constructor(
    private readonly id: string,
    private readonly names: Names,
  ) {}

  get address(): string {
    return this.names.replies(`${this.id}.${String(this.#connections)}`);
  }

  listen(listener: ReplyListener, onLost: () => void): void {
    this.#listener = listener;
    this.#onLost = onLost;
  }

  async attach(model: ChannelModel): Promise<void> {
    const channel = await openChannel(model);
    this.#connections += 1;
    await channel.assertQueue(this.address, { exclusive: true, autoDelete: true, durable: false });
    await channel.consume(
      this.address,
      (message) => {
        if (!message) return;
        const { correlationId, headers } = message.properties as {
          correlationId?: string;
          headers?: Record<string, unknown>;
        };
        this.#listener(correlationId ?? '', decodeHeaders(headers), message.content);
      },
      { noAck: true },
    );
    if (this.#connections > 1) this.#onLost();
  }
}

/** Sends replies. Never `mandatory`: whether one arrives is not known, and a requester that is gone needs none. */
export class ReplySender {
  #channel: Channel | undefined;

  async attach(model: ChannelModel): Promise<void> {
    const channel = await openChannel(model, () => {
      if (this.#channel === channel) this.#channel = undefined;
    });
    this.#channel = channel;
  }

  async send(address: string, correlationId: string, headers: Headers, body: Buffer): Promise<void> {
    const channel = this.#channel;
    if (!channel) throw new Error('rabbitmq bus: no connection to reply with');
    const options = { correlationId, headers: encodeHeaders(headers), persistent: false };
    const hasRoom = channel.publish('', address, body, options);
    if (!hasRoom) await once(channel, 'drain', { signal: AbortSignal.timeout(DRAIN_TIMEOUT_MS) });
  }
}
