import type { ChannelModel } from 'amqplib';
import { pauseBefore, RECONNECT_BACKOFF } from '../../delivery/backoff.js';
import { messageOf } from './channel.js';

/** Opens something on a connection; `ended` is called when it ends, from an event of the connection perhaps. */
export type Open = (model: ChannelModel, ended: () => void) => Promise<void>;

/**
 * Something that lives on a connection: opened on each new one, and again after a growing pause when it ends while its
 * connection lives, as a channel does when a queue is deleted. Never within the event that told: a channel that is opened
 * while amqplib closes all of them gets no answer.
 */
export class Kept {
  #model: ChannelModel | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;

  constructor(
    private readonly what: string,
    private readonly open: Open,
    private readonly warn: (text: string) => void,
  ) {}

  /** Rejects when it can't be opened now. */
  async attach(model: ChannelModel): Promise<void> {
    this.detach();
    this.#model = model;
    await this.#open(model);
  }

  /** Tries again later when it can't be opened now. */
  async attachSoon(model: ChannelModel): Promise<void> {
    await this.attach(model).catch((error: unknown) => this.#failed(model, error));
  }

  /** The connection is gone, or nothing is wanted of it any more. */
  detach(): void {
    clearTimeout(this.#retry);
    this.#model = undefined;
  }

  async #open(model: ChannelModel): Promise<void> {
    await this.open(model, () => this.#again(model));
    this.#failures = 0;
  }

  #failed(model: ChannelModel, error: unknown): void {
    if (this.#model === model)
      this.warn(`rabbitmq bus: ${this.what} failed, trying again: ${messageOf(error)}`);
    this.#again(model);
  }

  #again(model: ChannelModel): void {
    if (this.#model !== model) return;
    this.#failures += 1;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(
      () => {
        this.#open(model).catch((error: unknown) => this.#failed(model, error));
      },
      pauseBefore(this.#failures, RECONNECT_BACKOFF),
    );
  }
}
