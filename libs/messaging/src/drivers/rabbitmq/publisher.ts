import { Admission } from '../../delivery/admission.js';
import { withinMs } from '../../delivery/within.js';
import { type Headers, type OutgoingMessage, SendError } from '../../driver.js';
import { BEHIND_ANOTHER, type ConfirmLane } from './confirm-lane.js';
import type { Topics } from './topology.js';

/** Of one partition. */
const MOST_UNCONFIRMED = 2_000;
/** With the key. amqplib encodes them into 64 KiB, and a frame, which they must fit into, has 128 KiB. */
const MOST_HEADER_BYTES = 60 * 1024;
/** Prefix, type and lengths. */
const MOST_PER_HEADER = 24;

/** One partition's way out. */
interface Way {
  readonly lane: ConfirmLane;
  readonly admission: Admission;
}

/** Checks each message, then gives it to the lane of its partition. A stuck partition holds up what is sent to it alone. */
export class Publisher {
  readonly #ways = new Map<string, Way>();
  #closed = false;

  constructor(
    private readonly topics: Topics,
    private readonly maxMessageBytes: number,
    private readonly openLane: (topic: string, partition: number) => ConfirmLane,
  ) {}

  async send(messages: readonly OutgoingMessage[]): Promise<readonly (SendError | undefined)[]> {
    const outcomes: (SendError | undefined)[] = messages.map(() => undefined);
    const parts = Map.groupBy(
      messages.map((message, index) => ({ message, index })),
      ({ message: { topic, partition } }) => `${topic}\0${String(partition)}`,
    );
    const sending = [...parts].map(async ([part, indexed]) => {
      const settled = await this.#sendPart(
        part,
        indexed.map(({ message }) => message),
      );
      for (const [n, { index }] of indexed.entries()) outcomes[index] = settled[n];
    });
    await Promise.all(sending);
    return outcomes;
  }

  /** Refuses new sends and waits for those that run. */
  async close(deadlineMs: number): Promise<void> {
    this.#closed = true;
    await withinMs(Promise.all([...this.#ways.values()].map(({ lane }) => lane.idle())), deadlineMs);
  }

  /** Up to the lane's queue there is nothing to wait for but room: that keeps the order of the calls. */
  #sendPart(part: string, messages: readonly OutgoingMessage[]): Promise<(SendError | undefined)[]> {
    const { topic, partition } = messages[0] as OutgoingMessage;
    const unknown = this.topics.refusal(topic, partition);
    if (unknown !== undefined) {
      return Promise.resolve(messages.map(() => new SendError('not-stored', unknown, true)));
    }
    const { lane, admission } = this.#way(part, topic, partition);
    return new Promise((resolve) => {
      admission.enter(messages.length, () => {
        const settled = Promise.all(this.#addAll(messages, part, lane));
        lane.feed();
        resolve(settled.finally(() => admission.leave(messages.length)));
      });
    });
  }

  /** Promises that resolve, never reject, with the outcomes. What is confirmed must be a prefix: nothing after a refusal. */
  #addAll(
    messages: readonly OutgoingMessage[],
    part: string,
    lane: ConfirmLane,
  ): Promise<SendError | undefined>[] {
    const broken = new Set<string>();
    let isBehind = false;
    return messages.map((message) => {
      const refusal = this.#refusal(message, isBehind);
      if (refusal) {
        isBehind = true;
        return Promise.resolve(refusal);
      }
      const { promise, resolve } = Promise.withResolvers<SendError | undefined>();
      lane.add({ message, part, broken, settle: resolve });
      return promise;
    });
  }

  #way(part: string, topic: string, partition: number): Way {
    let way = this.#ways.get(part);
    if (!way) {
      way = { lane: this.openLane(topic, partition), admission: new Admission(MOST_UNCONFIRMED) };
      this.#ways.set(part, way);
    }
    return way;
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
