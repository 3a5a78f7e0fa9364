import { Admission } from '../../delivery/admission.js';
import { withinMs } from '../../delivery/within.js';
import { type OutgoingMessage, SendError } from '../../driver.js';
import { BEHIND_ANOTHER, type Lane } from './lane.js';
import type { Topics } from './topology.js';

const MOST_UNCONFIRMED = 10_000;

/** Partitions of one send of which nothing more may be stored, because what is confirmed must be a prefix. */
interface Call {
  /** By a check before anything of what follows was queued. */
  readonly refused: Set<number>;
  /** By a failed append. */
  readonly broken: Set<number>;
}

/** Checks each message, then gives it to the lane of its partition. */
export class Publisher {
  readonly #admission = new Admission(MOST_UNCONFIRMED);
  #closed = false;

  constructor(
    private readonly lanes: readonly Lane[],
    private readonly topics: Topics,
    private readonly maxMessageBytes: number,
  ) {}

  /** Up to the lanes' queues there is nothing to wait for but room: that keeps the order of the calls. */
  async send(messages: readonly OutgoingMessage[]): Promise<readonly (SendError | undefined)[]> {
    if (messages.length === 0) return [];
    return new Promise((resolve) => {
      this.#admission.enter(messages.length, () => {
        const call: Call = { refused: new Set(), broken: new Set() };
        const settled = Promise.all(messages.map((message) => this.#sendOne(message, call)));
        resolve(settled.finally(() => this.#admission.leave(messages.length)));
      });
    });
  }

  /** Refuses new sends and waits for those that run. */
  async close(deadlineMs: number): Promise<void> {
    this.#closed = true;
    await withinMs(Promise.all(this.lanes.map((lane) => lane.idle())), deadlineMs);
  }

  /** Resolves, never rejects, with the outcome. */
  #sendOne(message: OutgoingMessage, call: Call): Promise<SendError | undefined> {
    const part = this.topics.partitionId(message.topic, message.partition);
    if (part === undefined) {
      const reason = this.topics.unknown(message.topic, message.partition);
      return Promise.resolve(new SendError('not-stored', reason, true));
    }
    const refusal = this.#refusal(message, call.refused.has(part));
    if (refusal) {
      call.refused.add(part);
      return Promise.resolve(refusal);
    }
    return new Promise((settle) => {
      this.lanes[part % this.lanes.length]?.add({ part, message, broken: call.broken, settle });
    });
  }

  #refusal({ topic, key, body }: OutgoingMessage, isBehindRefused: boolean): SendError | undefined {
    if (this.#closed) return new SendError('not-stored', 'postgres bus: the driver is closed');
    if (isBehindRefused) return new SendError('not-stored', BEHIND_ANOTHER);
    if (body.length > this.maxMessageBytes) {
      const sizes = `${String(body.length)} bytes, at most ${String(this.maxMessageBytes)} are taken`;
      return new SendError('not-stored', `postgres bus: a body for ${topic} has ${sizes}`, true);
    }
    if (key.includes('\0')) {
      return new SendError('not-stored', `postgres bus: a key for ${topic} contains a NUL character`, true);
    }
    return undefined;
  }
}
