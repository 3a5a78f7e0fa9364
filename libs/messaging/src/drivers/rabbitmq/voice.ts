import type { Channel, ChannelModel, Options } from 'amqplib';
import { openChannel } from './channel.js';
import { Kept } from './kept.js';

/** The type of a message that says nothing. */
export const PULSE = 'pulse';

export interface VoiceListener {
  /** Words get through again; some were lost. */
  up(): void;
  /** Nobody has this queue. */
  returned(queue: string): void;
}

/**
 * What this instance's members say to others, over the publishing connection: a broker that is short of memory stops
 * reading from connections that publish, and consuming must go on then. Words are repeated, so each may be lost.
 */
export class Voice {
  readonly #kept: Kept;
  readonly #listeners = new Set<VoiceListener>();
  #channel: Channel | undefined;

  constructor(
    private readonly isBlocked: () => boolean,
    warn: (text: string) => void,
  ) {
    this.#kept = new Kept('the channel of members', (model, ended) => this.#open(model, ended), warn);
  }

  listen(listener: VoiceListener): void {
    this.#listeners.add(listener);
  }

  leave(listener: VoiceListener): void {
    this.#listeners.delete(listener);
  }

  async attach(model: ChannelModel): Promise<void> {
    await this.#kept.attach(model);
  }

  detach(): void {
    this.#kept.detach();
    this.#channel = undefined;
  }

  say(exchange: string, key: string, body: Buffer, options: Options.Publish): void {
    if (this.isBlocked()) return;
    try {
      this.#channel?.publish(exchange, key, body, options);
    } catch {
      // The channel is closing; the next one asks for another word.
    }
  }

  /** To oneself, as a message that routes nowhere would count as dropped on the broker. */
  pulse(ownQueue: string): void {
    this.say('', ownQueue, Buffer.alloc(0), { type: PULSE });
  }

  async #open(model: ChannelModel, ended: () => void): Promise<void> {
    await openChannel(
      model,
      (channel) => {
        channel.on('return', ({ fields }) => {
          for (const listener of this.#listeners) listener.returned(fields.routingKey);
        });
        this.#channel = channel;
        for (const listener of this.#listeners) listener.up();
        return Promise.resolve();
      },
      (channel) => {
        if (this.#channel === channel) this.#channel = undefined;
        ended();
      },
    );
  }
}
