import { randomUUID } from 'node:crypto';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { z } from 'zod';
import { closeChannel, openChannel } from './channel.js';
import type { Names } from './names.js';
import type { Voice, VoiceListener } from './voice.js';

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
  /** The broker has answered. */
  heard(): void;
  /** The channel is gone. */
  lost(): void;
}

/**
 * The members of a group on one connection. Each has an exclusive queue, which lives exactly as long as its connection and
 * so is its lease; a `mandatory` message that comes back tells that a peer is gone. A wrong view costs time, not order.
 */
export class Members implements VoiceListener {
  readonly id = randomUUID();
  readonly peers = new Map<string, Peer>();
  /** When the last question was asked that the broker has answered. A frozen process finds it outdated. */
  #alive = -Infinity;
  #isAsking = false;
  #beating: NodeJS.Timeout | undefined;
  #telling: NodeJS.Timeout | undefined;
  #channel: Channel | undefined;
  #isSilent = false;
  readonly #exchange: string;
  readonly #queue: string;

  constructor(
    private readonly names: Names,
    private readonly group: string,
    private readonly topics: readonly string[],
    private readonly voice: Voice,
    private readonly events: MemberEvents,
  ) {
    this.#exchange = names.members(group);
    this.#queue = names.member(group, this.id);
  }

  isAlive(withinMs: number): boolean {
    return performance.now() - this.#alive < withinMs;
  }

  async join(model: ChannelModel): Promise<void> {
    await openChannel(
      model,
      async (channel) => {
        const temporary = { exclusive: true, autoDelete: true, durable: false };
        await channel.assertQueue(this.#queue, { ...temporary, maxLength: MOST_WORDS });
        await channel.bindQueue(this.#queue, this.#exchange, '');
        const asked = performance.now();
        await channel.consume(
          this.#queue,
          // The server cancels when the queue is deleted.
          (message) => (message ? this.#hear(message) : void closeChannel(channel)),
          { noAck: true },
        );
        if (this.#isSilent) throw new Error('the member has left');
        this.#channel = channel;
        this.#alive = asked;
      },
      () => {
        this.#stop();
        this.events.lost();
      },
    );
    if (this.#isSilent) throw new Error('the membership was lost at once');
    this.voice.listen(this);
    this.#say('hello');
    this.#beating = setInterval(() => {
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
    this.#isSilent = true;
  }

  async leave(): Promise<void> {
    const channel = this.#channel;
    this.#stop();
    if (channel) await closeChannel(channel);
  }

  up(): void {
    this.#say('hello');
  }

  returned(queue: string): void {
    if (!queue.startsWith(`${this.#exchange}.`)) return;
    if (this.peers.delete(queue.slice(this.#exchange.length + 1))) this.events.changed();
  }

  #beat(): void {
    void this.#ask();
    for (const id of this.peers.keys()) {
      this.#publish('', this.names.member(this.group, id), 'probe', { mandatory: true });
    }
    this.#say('here');
    this.events.changed();
  }

  /** A question, not a word: a broker that takes no messages answers it still. */
  async #ask(): Promise<void> {
    if (this.#isAsking || !this.#channel) return;
    this.#isAsking = true;
    const asked = performance.now();
    try {
      await this.#channel.checkQueue(this.#queue);
      this.#alive = asked;
      this.events.heard();
    } catch {
      // The channel is gone, as `lost` tells.
    } finally {
      this.#isAsking = false;
    }
  }

  #say(type: 'hello' | 'here' | 'bye'): void {
    this.#publish(this.#exchange, '', type);
  }

  #publish(exchange: string, key: string, type: string, options: { mandatory?: boolean } = {}): void {
    if (this.#isSilent) return;
    const word: z.infer<typeof Word> = { topics: [...this.topics], claims: [...this.events.claims()] };
    this.voice.say(exchange, key, Buffer.from(JSON.stringify(word)), { ...options, type, appId: this.id });
  }

  #hear({ properties, content }: ConsumeMessage): void {
    const { type, appId } = properties as { type?: string; appId?: string };
    const word = parse(content);
    if (appId === undefined || appId === this.id || !word || type === 'probe') return;
    if (type === 'bye') this.peers.delete(appId);
    else this.peers.set(appId, { topics: new Set(word.topics), claims: new Set(word.claims) });
    if (type === 'hello') this.#say('here');
    this.events.changed();
  }

  #stop(): void {
    this.#isSilent = true;
    this.voice.leave(this);
    clearInterval(this.#beating);
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
