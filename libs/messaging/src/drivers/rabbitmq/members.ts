import { randomUUID } from 'node:crypto';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { z } from 'zod';
import { closeChannel, openChannel } from './connection.js';
import type { Names } from './names.js';

/** Between the words of a member, which ask for its peers as well: a dead one is noticed within this time. */
const BEAT_MS = 500;
/** How soon a change is told, so that several share a message. */
const TELL_AFTER_MS = 5;
/** A frozen member's queue keeps this many words; all but the last of each peer are outdated anyway. */
const MOST_WORDS = 1_000;

const Word = z.object({
  /** Topics that the member reads. */
  topics: z.array(z.string()),
  /** Partitions whose queues it consumes from, in turn or waiting for it. */
  claims: z.array(z.string()),
  /** The member's own clock. */
  at: z.number(),
});

export interface Peer {
  readonly topics: ReadonlySet<string>;
  readonly claims: ReadonlySet<string>;
}

export interface MemberEvents {
  /** What this member says of itself. */
  claims(): readonly string[];
  /** Somebody came, went, or claims something else. */
  changed(): void;
  /** This member's own word came back. */
  heard(): void;
  /** The channel is gone. */
  lost(): void;
}

/**
 * The members of a group on one connection. Each has an exclusive queue, which lives exactly as long as its connection and
 * so is its lease; a `mandatory` message that comes back tells that a peer is gone. A wrong view costs time, not order.
 */
export class Members {
  readonly id = randomUUID();
  readonly peers = new Map<string, Peer>();
  /** When the last of this member's own words that came back was said. A frozen process finds it outdated. */
  #alive = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #telling: NodeJS.Timeout | undefined;
  #channel: Channel | undefined;

  constructor(
    private readonly names: Names,
    private readonly group: string,
    private readonly topics: readonly string[],
    private readonly events: MemberEvents,
  ) {}

  isAlive(withinMs: number): boolean {
    return performance.now() - this.#alive < withinMs;
  }

  async join(model: ChannelModel): Promise<void> {
    const channel = await openChannel(model, () => {
      this.#stop();
      this.events.lost();
    });
    const [exchange, queue] = [this.names.members(this.group), this.names.member(this.group, this.id)];
    await channel.assertQueue(queue, {
      exclusive: true,
      autoDelete: true,
      durable: false,
      maxLength: MOST_WORDS,
    });
    await channel.bindQueue(queue, exchange, '');
    channel.on('return', (message) => {
      const id = message.fields.routingKey.slice(exchange.length + 1);
      if (this.peers.delete(id)) this.events.changed();
    });
    await channel.consume(queue, (message) => message && this.#hear(message), { noAck: true });
    this.#channel = channel;
    this.#say('hello');
    this.#timer = setInterval(() => {
      this.#beat();
    }, BEAT_MS);
  }

  /** Tells the others soon what is claimed now. */
  tell(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      this.#say('here');
    }, TELL_AFTER_MS);
  }

  /** The others take over what this member claims as soon as it lets go. */
  bye(): void {
    this.#say('bye');
    clearInterval(this.#timer);
  }

  async leave(): Promise<void> {
    const channel = this.#channel;
    this.#stop();
    if (channel) await closeChannel(channel);
  }

  #beat(): void {
    for (const id of this.peers.keys()) {
      this.#publish('', this.names.member(this.group, id), 'probe', { mandatory: true });
    }
    this.#say('here');
    this.events.changed();
  }

  #say(type: 'hello' | 'here' | 'bye'): void {
    this.#publish(this.names.members(this.group), '', type);
  }

  #publish(exchange: string, key: string, type: string, options: { mandatory?: boolean } = {}): void {
    const word: z.infer<typeof Word> = {
      topics: [...this.topics],
      claims: [...this.events.claims()],
      at: performance.now(),
    };
    try {
      const body = Buffer.from(JSON.stringify(word));
      this.#channel?.publish(exchange, key, body, { ...options, type, appId: this.id });
    } catch {
      // The channel is closing: its end is told by `lost`.
    }
  }

  #hear({ properties, content }: ConsumeMessage): void {
    const { type, appId } = properties as { type?: string; appId?: string };
    const word = parse(content);
    if (appId === undefined || !word || type === 'probe') return;
    if (appId === this.id) {
      this.#alive = word.at;
      this.events.heard();
      return;
    }
    if (type === 'bye') this.peers.delete(appId);
    else this.peers.set(appId, { topics: new Set(word.topics), claims: new Set(word.claims) });
    if (type === 'hello') this.#say('here');
    this.events.changed();
  }

  #stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#telling);
    this.#channel = undefined;
  }
}

function parse(content: Buffer): z.infer<typeof Word> | undefined {
  try {
    return Word.safeParse(JSON.parse(content.toString())).data;
  } catch {
    return undefined;
  }
}
