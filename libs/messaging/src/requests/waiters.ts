import { randomUUID } from 'node:crypto';
import type { RequestResult } from '../bus.types.js';
import { type Headers, SendError } from '../driver.js';

type Read<Reply> = (headers: Headers, body: Buffer) => RequestResult<Reply>;

/** One attempt that waits for its reply. */
export interface Waiter<Reply> {
  readonly correlationId: string;
  /** The reply; undefined when none will come: replies were lost, or the bus closes. */
  readonly reply: Promise<RequestResult<Reply> | undefined>;
  /** Forgets the attempt; a reply that comes later is dropped and counted. */
  forget(): void;
}

interface Entry {
  receive(headers: Headers, body: Buffer): void;
  giveUp(): void;
}

/** The attempts of this instance that wait for a reply, by correlation id. Bounded. */
export class Waiters {
  readonly #entries = new Map<string, Entry>();

  constructor(
    private readonly limit: number,
    private readonly onLate: () => void,
    private readonly onUnreadable: (error: unknown) => void,
  ) {}

  /** Registers an attempt, before anything is sent. Throws SendError `not-stored` when too many wait. */
  register<Reply>(read: Read<Reply>): Waiter<Reply> {
    if (this.#entries.size >= this.limit) {
      throw new SendError(
        'not-stored',
        `${this.limit} requests already wait for a reply: nothing was sent, try again later`,
      );
    }
    const correlationId = randomUUID();
    const { promise, resolve } = Promise.withResolvers<RequestResult<Reply> | undefined>();
    this.#entries.set(correlationId, {
      receive: (headers, body) => {
        try {
          resolve(read(headers, body));
        } catch (error) {
          this.onUnreadable(error);
          resolve(undefined);
        }
      },
      giveUp: () => resolve(undefined),
    });
    return { correlationId, reply: promise, forget: () => void this.#entries.delete(correlationId) };
  }

  receive(correlationId: string, headers: Headers, body: Buffer): void {
    const entry = this.#entries.get(correlationId);
    this.#entries.delete(correlationId);
    if (entry) entry.receive(headers, body);
    else this.onLate();
  }

  /** Replies may have been missed: nobody waits any longer for what may never come. */
  giveUpAll(): void {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const entry of entries) entry.giveUp();
  }
}
