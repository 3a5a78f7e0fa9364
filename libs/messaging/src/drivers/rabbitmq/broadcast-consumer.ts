import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { Consumer, IncomingMessage } from '../../driver.js';
import { closeChannel, openChannel } from './channel.js';
import { decodeMessage } from './codec.js';
import { Kept } from './kept.js';
import type { Names } from './names.js';
import type { Topics } from './topology.js';

/** Also the most that is kept here while paused: nothing is acknowledged then. */
const PREFETCH = 500;
/** A reader that is further behind than this loses its messages and is asked to look for itself. */
const MOST_WAITING = 50_000;

export interface BroadcastHost {
  readonly names: Names;
  readonly topics: Topics;
  left(consumer: BroadcastConsumer): void;
  warn(text: string): void;
}

/** Reads topics from now on by an exclusive queue, which goes with its connection. */
export class BroadcastConsumer implements Consumer {
  readonly #kept: Kept;
  #channel: Channel | undefined;
  #paused = false;
  #closed = false;
  #waiting: ConsumeMessage[] = [];

  constructor(
    private readonly topics: readonly string[],
    private readonly host: BroadcastHost,
    private readonly receive: (message: IncomingMessage) => void,
    private readonly resync: () => void,
    private readonly mostWaiting = MOST_WAITING,
  ) {
    this.#kept = new Kept('a broadcast', (model, ended) => this.#open(model, ended), host.warn);
  }

  partitions(): ReadonlyMap<string, readonly number[]> {
    if (!this.#channel) return new Map();
    return new Map(this.topics.map((topic) => [topic, [...Array(this.#countOf(topic)).keys()]]));
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    for (const message of this.#waiting.splice(0)) this.#take(message);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.host.left(this);
    const channel = this.#channel;
    this.detach();
    if (channel) await closeChannel(channel);
  }

  async attach(model: ChannelModel): Promise<void> {
    await this.#kept.attach(model);
  }

  async attachSoon(model: ChannelModel): Promise<void> {
    await this.#kept.attachSoon(model);
  }

  detach(): void {
    this.#kept.detach();
    this.#channel = undefined;
    this.#waiting = [];
  }

  async #open(model: ChannelModel, ended: () => void): Promise<void> {
    await openChannel(
      model,
      async (channel) => {
        const queue = await this.#consume(channel);
        if (this.#closed) return void closeChannel(channel);
        this.#channel = channel;
        await this.#bind(channel, queue);
        this.resync();
      },
      (channel) => {
        if (this.#channel === channel) {
          this.#channel = undefined;
          this.#waiting = [];
        }
        ended();
      },
    );
  }

  async #consume(channel: Channel): Promise<string> {
    const temporary = { exclusive: true, autoDelete: true, durable: false };
    const gaps = await channel.assertQueue('', { ...temporary, maxLength: 1 });
    const { queue } = await channel.assertQueue('', {
      ...temporary,
      maxLength: this.mostWaiting,
      // A full queue drops its oldest messages; where they go tells that it did.
      deadLetterExchange: '',
      deadLetterRoutingKey: gaps.queue,
    });
    const cancelled = (): void => void closeChannel(channel);
    await channel.prefetch(1);
    await channel.consume(gaps.queue, (gap) => (gap ? void this.#skip(channel, queue, gap) : cancelled()));
    await channel.prefetch(PREFETCH);
    await channel.consume(queue, (message) => (message ? this.#take(message) : cancelled()));
    return queue;
  }

  async #bind(channel: Channel, queue: string): Promise<void> {
    for (const topic of this.topics) {
      for (let partition = 0; partition < this.#countOf(topic); partition += 1) {
        await channel.bindQueue(queue, this.host.names.exchange(topic), String(partition));
      }
    }
  }

  #take(message: ConsumeMessage): void {
    if (this.#closed) return;
    if (this.#paused) {
      this.#waiting.push(message);
      return;
    }
    const channel = this.#channel;
    const topic = this.topics.find((name) => this.host.names.exchange(name) === message.fields.exchange);
    if (topic !== undefined) this.receive(decodeMessage(topic, Number(message.fields.routingKey), message));
    acknowledge(channel, message);
  }

  /** Some were dropped, so the rest is not worth reading: whoever listens reads the truth. */
  async #skip(channel: Channel, queue: string, gap: ConsumeMessage): Promise<void> {
    try {
      await channel.purgeQueue(queue);
      acknowledge(channel, gap);
      this.resync();
    } catch {
      // The channel is gone: the next one brings a resync.
    }
  }

  #countOf(topic: string): number {
    return this.host.topics.partitionsOf(topic);
  }
}

function acknowledge(channel: Channel | undefined, message: ConsumeMessage): void {
  try {
    channel?.ack(message);
  } catch {
    // The channel is closing, and its queue goes with it.
  }
}
