import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { Consumer, IncomingMessage } from '../../driver.js';
import { decodeMessage } from './codec.js';
import { closeChannel, openChannel } from './connection.js';
import type { Names } from './names.js';
import type { Topics } from './topology.js';

const PREFETCH = 500;
/** A reader that is further behind than this has lost its messages and is asked to look for itself. */
const MOST_WAITING = 50_000;
const CHECK_EVERY_MS = 1_000;

/** Reads topics from now on by an exclusive queue, which goes with its connection. */
export class BroadcastConsumer implements Consumer {
  #channel: Channel | undefined;
  #check: NodeJS.Timeout | undefined;
  #paused = false;
  #closed = false;
  #waiting: ConsumeMessage[] = [];

  constructor(
    private readonly names: Names,
    private readonly topology: Topics,
    private readonly topics: readonly string[],
    private readonly receive: (message: IncomingMessage) => void,
    private readonly resync: () => void,
    private readonly left: (consumer: BroadcastConsumer) => void,
  ) {}

  partitions(): ReadonlyMap<string, readonly number[]> {
    if (!this.#channel) return new Map();
    return new Map(this.topics.map((topic) => [topic, [...Array(this.topology.partitionsOf(topic)).keys()]]));
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
    this.left(this);
    const channel = this.#channel;
    this.#stop();
    if (channel) await closeChannel(channel);
  }

  async attach(model: ChannelModel): Promise<void> {
    if (this.#closed) return;
    const channel = await openChannel(model, () => {
      if (this.#channel === channel) this.#stop();
    });
    const { queue } = await channel.assertQueue('', {
      exclusive: true,
      autoDelete: true,
      durable: false,
      maxLength: MOST_WAITING,
    });
    for (const topic of this.topics) {
      for (let partition = 0; partition < this.topology.partitionsOf(topic); partition += 1) {
        await channel.bindQueue(queue, this.names.exchange(topic), String(partition));
      }
    }
    await channel.prefetch(PREFETCH);
    await channel.consume(queue, (message) => {
      if (message) this.#take(message);
      else void closeChannel(channel);
    });
    this.#channel = channel;
    this.#check = setInterval(() => void this.#demandNoGap(channel, queue), CHECK_EVERY_MS);
    this.resync();
  }

  #take(message: ConsumeMessage): void {
    if (this.#closed) return;
    if (this.#paused) {
      this.#waiting.push(message);
      return;
    }
    const topic = this.topics.find((name) => this.names.exchange(name) === message.fields.exchange);
    if (topic !== undefined) this.receive(decodeMessage(topic, Number(message.fields.routingKey), message));
    this.#channel?.ack(message);
  }

  /** A full queue drops its oldest messages without a word. */
  async #demandNoGap(channel: Channel, queue: string): Promise<void> {
    try {
      const { messageCount } = await channel.checkQueue(queue);
      if (messageCount < MOST_WAITING) return;
      await channel.purgeQueue(queue);
      this.resync();
    } catch {
      // The channel is gone: the next connection brings a resync.
    }
  }

  #stop(): void {
    clearInterval(this.#check);
    this.#channel = undefined;
    this.#waiting = [];
  }
}
