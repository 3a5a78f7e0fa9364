import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { type OutgoingMessage, SendError } from '../../driver.js';
import { encodeMessage, sentOf } from './codec.js';
import { ConfirmLane, type ConfirmSource } from './confirm-lane.js';
import { closeChannel, messageOf, watched } from './connection.js';
import type { Names } from './names.js';
import type { Topics } from './topology.js';

const BLOCKED_GRACE_MS = 1_000;

/** The confirm channel of one driver, anew after each reconnect, and what the broker says about it. */
export class Confirms implements ConfirmSource {
  #channel: ConfirmChannel | undefined;
  #blocked: string | undefined;
  #grace: NodeJS.Timeout | undefined;
  readonly #lanes: ConfirmLane[] = [];
  /** What the broker sent back, by when it was sent, until its confirmation comes. */
  readonly #returned = new Set<string>();
  #lastSent = 0;

  constructor(
    private readonly names: Names,
    private readonly topics: Topics,
  ) {}

  /** Why the broker takes no messages now, in its own words. */
  get blocked(): string | undefined {
    return this.#blocked;
  }

  lane(): ConfirmLane {
    const lane = new ConfirmLane(this);
    this.#lanes.push(lane);
    return lane;
  }

  async attach(model: ChannelModel): Promise<void> {
    model.on('blocked', (reason) => {
      this.#blocked = reason;
      this.#grace = setTimeout(() => {
        for (const lane of this.#lanes) lane.giveUp(this.#blockedText(reason));
      }, BLOCKED_GRACE_MS);
    });
    model.on('unblocked', () => this.#unblock());
    model.on('close', () => this.#unblock());
    await this.#open(model);
  }

  refusal(): string | undefined {
    if (this.#blocked !== undefined) return this.#blockedText(this.#blocked);
    return this.#channel ? undefined : 'rabbitmq bus: no connection to publish with, a new one is being made';
  }

  publish(message: OutgoingMessage, confirmed: (error: SendError | undefined) => void): void {
    if (!this.#channel) throw new Error('the channel is closed');
    const { topic, partition, body } = message;
    const sent = this.#nextSent();
    const options = { ...encodeMessage(message, sent), mandatory: this.topics.hasGroup(topic) };
    this.#channel.publish(this.names.exchange(topic), String(partition), body, options, (error: unknown) => {
      // A returned message is confirmed too, right after its return.
      if (this.#returned.delete(String(sent))) confirmed(this.#unroutable(message));
      else confirmed(error ? failureOf(error) : undefined);
    });
  }

  givenUp(): void {
    const channel = this.#channel;
    this.#channel = undefined;
    if (channel) void closeChannel(channel);
  }

  async #open(model: ChannelModel): Promise<void> {
    const channel = await model.createConfirmChannel();
    watched(channel, () => {
      if (this.#channel === channel) this.#channel = undefined;
      this.#returned.clear();
      // The connection lives on after a refused publish; without it, this fails and the next connection attaches.
      this.#open(model).catch(() => undefined);
    });
    channel.on('return', (message) => {
      const sent = sentOf(message);
      if (sent !== undefined) this.#returned.add(sent);
    });
    this.#channel = channel;
  }

  #unblock(): void {
    clearTimeout(this.#grace);
    this.#blocked = undefined;
  }

  #blockedText(reason: string): string {
    return `rabbitmq bus: the broker takes no messages (${reason}): free memory or disk on it, or raise its limits`;
  }

  #unroutable({ topic, partition }: OutgoingMessage): SendError {
    const what = `no queue takes partition ${String(partition)} of ${topic}`;
    return new SendError(
      'not-stored',
      `rabbitmq bus: ${what}: its queues were deleted, declare the topology again`,
    );
  }

  #nextSent(): number {
    this.#lastSent = Math.max(this.#lastSent + 1, Date.now() * 1_000);
    return this.#lastSent;
  }
}

/** The broker's refusal is certain; a lost channel leaves open whether the message got there. */
function failureOf(error: unknown): SendError {
  const text = messageOf(error);
  const outcome = text === 'message nacked' ? 'not-stored' : 'unknown';
  return new SendError(outcome, `rabbitmq bus: not confirmed: ${text}`, false, { cause: error });
}
