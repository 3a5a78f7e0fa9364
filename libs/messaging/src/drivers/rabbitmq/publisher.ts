import { Admission } from '../../delivery/admission.js';
import { withinMs } from '../../delivery/within.js';
import { type Headers, type OutgoingMessage, SendError } from '../../driver.js';
import { BEHIND_ANOTHER, type ConfirmLane } from './confirm-lane.js';
import type { Topics } from './topology.js';

const MOST_UNCONFIRMED = 10_000;
/** With the key. amqplib encodes them into 64 KiB, and a frame, which they must fit into, has 128 KiB. */
const MOST_HEADER_BYTES = 60 * 1024;
/** Prefix, type and lengths. */
const MOST_PER_HEADER = 24;

/** Partitions of one send of which nothing more may be stored, because what is confirmed must be a prefix. */
interface Call {
  /** By a check, before anything of what follows was queued. */
  readonly refused: Set<string>;
  /** By a message that was not confirmed. */
  readonly broken: Set<string>;
}

/** Checks each message, then gives it to the lane of its partition. */
export class Publisher {
  readonly #admission = new Admission(MOST_UNCONFIRMED);
  readonly #lanes = new Map<string, ConfirmLane>();
  #closed = false;

  constructor(
    private readonly topics: Topics,
    private readonly maxMessageBytes: number,
    private readonly openLane: (topic: string, partition: number) => ConfirmLane,
  ) {}

  /** Up to the lanes' queues there is nothing to wait for but room: that keeps the order of the calls. */
  async send(messages: readonly OutgoingMessage[]): Promise<readonly (SendError | undefined)[]> {
    if (messages.length === 0) return [];
    return new Promise((resolve) => {
      this.#admission.enter(messages.length, () => {
        const call: Call = { refused: new Set(), broken: new Set() };
        const settled = Promise.all(messages.map((message) => this.#sendOne(message, call)));
        for (const lane of this.#lanes.values()) lane.feed();
        resolve(settled.finally(() => this.#admission.leave(messages.length)));
      });
    });
  }

  /** Refuses new sends and waits for those that run. */
  async close(deadlineMs: number): Promise<void> {
    this.#closed = true;
    await withinMs(Promise.all([...this.#lanes.values()].map((lane) => lane.idle())), deadlineMs);
  }

  /** Resolves, never rejects, with the outcome. */
  #sendOne(message: OutgoingMessage, { refused, broken }: Call): Promise<SendError | undefined> {
    const { topic, partition } = message;
    const unknown = this.topics.refusal(topic, partition);
    if (unknown !== undefined) return Promise.resolve(new SendError('not-stored', unknown, true));
    const part = `${topic}\0${String(partition)}`;
    const refusal = this.#refusal(message, refused.has(part));
    if (refusal) {
      refused.add(part);
      return Promise.resolve(refusal);
    }
    let lane = this.#lanes.get(part);
    if (!lane) this.#lanes.set(part, (lane = this.openLane(topic, partition)));
    const { promise, resolve } = Promise.withResolvers<SendError | undefined>();
    lane.add({ message, part, broken, settle: resolve });
    return promise;
  }

  #refusal({ topic, key, headers, body }: OutgoingMessage, isBehind: boolean): SendError | undefined {
    if (this.#closed) return new SendError('not-stored', 'rabbitmq bus: the driver is closed');
    if (isBehind) return new SendError('not-stored', BEHIND_ANOTHER);
    return (
      tooLarge('a body', topic, body.length, this.maxMessageBytes) ??
      tooLarge('headers', topic, Buffer.byteLength(key) + sizeOf(headers), MOST_HEADER_BYTES)
    );
  }
}

function tooLarge(what: string, topic: string, bytes: number, most: number): SendError | undefined {
  if (bytes <= most) return undefined;
  const sizes = `${String(bytes)} bytes, at most ${String(most)} are taken`;
  return new SendError('not-stored', `rabbitmq bus: ${what} for ${topic} of ${sizes}`, true);
}

const sizeOf = (headers: Headers): number =>
  Object.entries(headers).reduce(
    (sum, entry) => sum + Buffer.byteLength(entry.join('')) + MOST_PER_HEADER,
    0,
  );
