import type { ChannelModel } from 'amqplib';
import { ConfirmChannel, type ConfirmHost } from './confirm-channel.js';
import { ConfirmLane } from './confirm-lane.js';
import type { Names } from './names.js';
import type { Topics } from './topology.js';

const BLOCKED_GRACE_MS = 1_000;

/** The lanes of one driver, each with a channel of its own on the connection that publishes. */
export class Confirms {
  readonly #host: ConfirmHost;
  readonly #lanes: { readonly lane: ConfirmLane; readonly channel: ConfirmChannel }[] = [];
  #model: ChannelModel | undefined;
  #blocked: string | undefined;
  #grace: NodeJS.Timeout | undefined;
  #lastSent = 0;

  constructor(names: Names, topics: Topics, warn: (text: string) => void) {
    this.#host = {
      ...{ names, topics, warn },
      blockedText: () => this.blockedText(),
      nextSent: () => this.#nextSent(),
    };
  }

  /** Why the broker takes no messages now, and what to do; undefined when it takes them. */
  blockedText(): string | undefined {
    if (this.#blocked === undefined) return undefined;
    return `rabbitmq bus: the broker takes no messages (${this.#blocked}): free memory or disk on it, or raise its limits`;
  }

  /** Of one partition; called once for each. */
  lane(): ConfirmLane {
    const channel = new ConfirmChannel(this.#host, () => lane.feed());
    const lane = new ConfirmLane(channel);
    this.#lanes.push({ lane, channel });
    if (this.#model) void channel.attach(this.#model);
    return lane;
  }

  attach(model: ChannelModel): void {
    this.#model = model;
    model.on('blocked', (reason) => {
      this.#blocked = reason;
      clearTimeout(this.#grace);
      this.#grace = setTimeout(() => {
        for (const { lane } of this.#lanes) lane.giveUp(this.blockedText() ?? reason);
      }, BLOCKED_GRACE_MS);
    });
    model.on('unblocked', () => this.#unblock());
    for (const { channel } of this.#lanes) void channel.attach(model);
  }

  detach(): void {
    this.#model = undefined;
    this.#unblock();
    for (const { channel } of this.#lanes) channel.detach();
  }

  #unblock(): void {
    clearTimeout(this.#grace);
    this.#blocked = undefined;
  }

  #nextSent(): number {
    this.#lastSent = Math.max(this.#lastSent + 1, Date.now() * 1_000);
    return this.#lastSent;
  }
}
