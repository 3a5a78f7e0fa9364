import type { ChannelModel, ConfirmChannel as AmqpChannel } from 'amqplib';
import { type OutgoingMessage, SendError } from '../../driver.js';
import { closeChannel, messageOf, orFail, watched } from './channel.js';
import { encodeMessage, sentOf } from './codec.js';
import type { ConfirmSource } from './confirm-lane.js';
import { Kept } from './kept.js';
import type { Names } from './names.js';
import type { Topics } from './topology.js';

const OPEN_TIMEOUT_MS = 3_000;

export interface ConfirmHost {
  readonly names: Names;
  readonly topics: Topics;
  /** Why the broker takes no messages on this connection; undefined when it does. */
  blockedText(): string | undefined;
  /** Marks a message for its return; grows over all channels. */
  nextSent(): number;
  readonly warn: (text: string) => void;
}

interface OpenChannel {
  readonly channel: AmqpChannel;
  /** What the broker sent back, by when it was sent, until its confirmation comes. */
  readonly returned: Set<string>;
  /** Why the broker closed it. */
  refused?: string;
}

/**
 * The confirm channel of one partition, anew after each reconnect. Not shared with others: the broker blocks a channel that
 * publishes to a queue without a leader, with all that is behind on it, for as long as there is none.
 */
export class ConfirmChannel implements ConfirmSource {
  readonly #kept: Kept;
  #open: OpenChannel | undefined;
  #attached: ChannelModel | undefined;
  #opening = false;
  #closing = false;

  constructor(
    private readonly host: ConfirmHost,
    /** It opened, or what waited for it must not wait any longer. */
    private readonly settled: () => void,
  ) {
    this.#kept = new Kept('a publishing channel', (model, ended) => this.#openOn(model, ended), host.warn);
  }

  get opening(): boolean {
    return this.#opening;
  }

  /** Opens it; again and again where that fails. */
  async attach(model: ChannelModel): Promise<void> {
    this.#attached = model;
    this.#opening = true;
    await this.#kept.attachSoon(model);
    if (this.#attached !== model) return;
    this.#opening = false;
    this.settled();
  }

  detach(): void {
    this.#kept.detach();
    this.#attached = undefined;
    this.#open = undefined;
    this.#opening = false;
    this.#closing = false;
    this.settled();
  }

  refusal(): string | undefined {
    const blocked = this.host.blockedText();
    if (blocked !== undefined || this.#open || this.#opening) return blocked;
    return this.#closing
      ? 'rabbitmq bus: a queue of this partition does not confirm: it has no leader, or no majority of its nodes'
      : 'rabbitmq bus: no connection to publish with, a new one is being made';
  }

  publish(message: OutgoingMessage, confirmed: (error: SendError | undefined) => void): void {
    const open = this.#open;
    if (!open) throw new Error('the channel is closed');
    const { topic, partition, body } = message;
    const { names, topics } = this.host;
    const sent = this.host.nextSent();
    const options = { ...encodeMessage(message, sent), mandatory: topics.hasGroup(topic) };
    open.channel.publish(names.exchange(topic), String(partition), body, options, (error: unknown) => {
      // A returned message is confirmed too, right after its return.
      if (open.returned.delete(String(sent))) confirmed(unroutable(message));
      else confirmed(error ? failureOf(error, open.refused) : undefined);
    });
  }

  /** What comes next is published once the broker has closed the channel, so not before what is open on it. */
  givenUp(): void {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    this.#closing = true;
    void closeChannel(open.channel);
  }

  async #openOn(model: ChannelModel, ended: () => void): Promise<void> {
    const opening = model.createConfirmChannel();
    const channel = await orFail(opening, OPEN_TIMEOUT_MS, 'opening a channel').catch((error: unknown) => {
      opening.then(closeChannel, () => undefined);
      throw error;
    });
    const open: OpenChannel = { channel, returned: new Set() };
    channel.on('error', (error: unknown) => (open.refused = messageOf(error)));
    channel.on('return', (message) => {
      const sent = sentOf(message);
      if (sent !== undefined) open.returned.add(sent);
    });
    watched(channel, () => {
      if (this.#open === open) this.#open = undefined;
      ended();
    });
    this.#open = open;
    this.#closing = false;
  }
}

function unroutable({ topic, partition }: OutgoingMessage): SendError {
  const what = `no queue takes partition ${String(partition)} of ${topic}`;
  return new SendError(
    'not-stored',
    `rabbitmq bus: ${what}: its queues were deleted, declare the topology again`,
  );
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
