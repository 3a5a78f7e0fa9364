import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { withinMs } from '../../delivery/within.js';
import { type OutgoingMessage, SendError } from '../../driver.js';
import { encodeMessage, sentOf } from './codec.js';
import { ConfirmLane, type ConfirmSource } from './confirm-lane.js';
import { closeChannel, messageOf, watched } from './channel.js';
import { Kept } from './kept.js';
import type { Names } from './names.js';
import type { Topics } from './topology.js';

const BLOCKED_GRACE_MS = 1_000;
const CLOSE_TIMEOUT_MS = 1_000;

interface OpenChannel {
  readonly channel: ConfirmChannel;
  /** What the broker sent back, by when it was sent, until its confirmation comes. */
  readonly returned: Set<string>;
  /** Why the broker closed it. */
  refused?: string;
}

/** The confirm channel of one driver, anew after each reconnect, and what the broker says about it. */
export class Confirms implements ConfirmSource {
  readonly #kept: Kept;
  #open: OpenChannel | undefined;
  #blocked: string | undefined;
  #grace: NodeJS.Timeout | undefined;
  readonly #lanes: ConfirmLane[] = [];
  #lastSent = 0;

  constructor(
    private readonly names: Names,
    private readonly topics: Topics,
    /** Makes a new connection in place of this one. */
    private readonly renew: () => void,
    warn: (text: string) => void,
  ) {
    this.#kept = new Kept('the publishing channel', (model, ended) => this.#openOn(model, ended), warn);
  }

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
      clearTimeout(this.#grace);
      this.#grace = setTimeout(() => {
        for (const lane of this.#lanes) lane.giveUp(this.#blockedText(reason));
      }, BLOCKED_GRACE_MS);
    });
    model.on('unblocked', () => this.#unblock());
    await this.#kept.attach(model);
  }

  detach(): void {
    this.#kept.detach();
    this.#open = undefined;
    this.#unblock();
  }

  refusal(): string | undefined {
    if (this.#blocked !== undefined) return this.#blockedText(this.#blocked);
    return this.#open ? undefined : 'rabbitmq bus: no connection to publish with, a new one is being made';
  }

  publish(message: OutgoingMessage, confirmed: (error: SendError | undefined) => void): void {
    const open = this.#open;
    if (!open) throw new Error('the channel is closed');
    const { topic, partition, body } = message;
    const sent = this.#nextSent();
    const options = { ...encodeMessage(message, sent), mandatory: this.topics.hasGroup(topic) };
    open.channel.publish(this.names.exchange(topic), String(partition), body, options, (error: unknown) => {
      // A returned message is confirmed too, right after its return.
      if (open.returned.delete(String(sent))) confirmed(this.#unroutable(message));
      else confirmed(error ? failureOf(error, open.refused) : undefined);
    });
  }

  givenUp(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open) void this.#closeGivenUp(open.channel);
  }

  /**
   * What comes next is published once the broker has closed the channel, so not before what is open on it. A channel that
   * waits for a queue which is just starting closes only after a long time: then with its connection.
   */
  async #closeGivenUp(channel: ConfirmChannel): Promise<void> {
    if (!(await withinMs(closeChannel(channel), CLOSE_TIMEOUT_MS))) this.renew();
  }

  async #openOn(model: ChannelModel, ended: () => void): Promise<void> {
    const open: OpenChannel = { channel: await model.createConfirmChannel(), returned: new Set() };
    open.channel.on('error', (error: unknown) => (open.refused = messageOf(error)));
    open.channel.on('return', (message) => {
      const sent = sentOf(message);
      if (sent !== undefined) open.returned.add(sent);
    });
    watched(open.channel, () => {
      if (this.#open === open) this.#open = undefined;
      ended();
    });
    this.#open = open;
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
function failureOf(error: unknown, refused: string | undefined): SendError {
  const text = messageOf(error);
  if (text === 'message nacked') {
    return new SendError(
      'not-stored',
      'rabbitmq bus: a queue refused the message: it is full or has no majority of its nodes',
      false,
      { cause: error },
    );
  }
  const reason =
    refused === undefined ? text : `${refused}: if something is missing, declare the topology again`;
  return new SendError('unknown', `rabbitmq bus: not confirmed: ${reason}`, false, { cause: error });
}
