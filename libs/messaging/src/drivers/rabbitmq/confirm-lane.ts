import { type OutgoingMessage, SendError } from '../../driver.js';
import { type BatchLimits, type QueuedSend, refuse, takeBatch } from '../queued-send.js';

const BATCH: BatchLimits = { messages: 200, bytes: 4 * 1024 ** 2 };
const CONFIRM_TIMEOUT_MS = 5_000;

export const BEHIND_ANOTHER =
  'rabbitmq bus: an earlier message of this partition in the same send was not stored';

export type LaneItem = QueuedSend<string>;

/** How a lane reaches the broker. */
export interface ConfirmSource {
  /** Why nothing can be published now; undefined when something can, or soon can. */
  refusal(): string | undefined;
  /** What is to be published waits for it to open; the lane is fed when that is done, or has failed. */
  readonly opening: boolean;
  /** `confirmed` runs once, with undefined or with what went wrong. Throws when certainly nothing was written. */
  publish(message: OutgoingMessage, confirmed: (error: SendError | undefined) => void): void;
  /** Confirmations stay out: the outcome of what is unconfirmed is not known, and never will be. */
  givenUp(): void;
}

interface Batch {
  readonly items: readonly LaneItem[];
  readonly outcomes: (SendError | undefined)[];
  open: number;
  timer?: NodeJS.Timeout;
}

/** One partition's way out: at most one unconfirmed batch, so that what is confirmed is a prefix. */
export class ConfirmLane {
  readonly #queue: LaneItem[] = [];
  #batch: Batch | undefined;
  #idle: (() => void)[] = [];

  constructor(private readonly source: ConfirmSource) {}

  add(item: LaneItem): void {
    this.#queue.push(item);
  }

  async idle(): Promise<void> {
    if (this.#batch || this.#queue.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Publishes what waits, unless a batch is unconfirmed or the way is just being opened. */
  feed(): void {
    while (!this.#batch && this.#queue.length > 0) {
      const refusal = this.source.refusal();
      if (refusal !== undefined) for (const item of this.#queue.splice(0)) refuse(item, refusal);
      else if (this.source.opening) return;
      else this.#publish(takeBatch(this.#queue, BATCH, BEHIND_ANOTHER));
    }
    if (!this.#batch) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Whoever waits for the unconfirmed batch waits no longer; nothing more is known of it. */
  giveUp(reason: string): void {
    const batch = this.#batch;
    if (batch) this.#finish(batch, new SendError('unknown', reason));
  }

  #publish(items: readonly LaneItem[]): void {
    if (items.length === 0) return;
    const batch: Batch = { items, outcomes: [], open: items.length };
    this.#batch = batch;
    batch.timer = setTimeout(() => {
      this.giveUp(`rabbitmq bus: no confirmation within ${String(CONFIRM_TIMEOUT_MS / 1000)} s`);
      this.source.givenUp();
    }, CONFIRM_TIMEOUT_MS);
    let thrown: SendError | undefined;
    for (const [i, { message }] of items.entries()) {
      const confirmed = (error: SendError | undefined): void => {
        batch.outcomes[i] = error;
        batch.open -= 1;
        if (batch.open === 0) this.#finish(batch);
      };
      try {
        if (!thrown) this.source.publish(message, confirmed);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        thrown = new SendError('not-stored', `rabbitmq bus: not published: ${reason}`, false, {
          cause: error,
        });
      }
      if (thrown) confirmed(thrown);
    }
  }

  /** `open` is the outcome of what was not confirmed until now. */
  #finish(batch: Batch, open?: SendError): void {
    if (this.#batch !== batch) return;
    clearTimeout(batch.timer);
    this.#batch = undefined;
    for (const [i, item] of batch.items.entries()) {
      const outcome = i in batch.outcomes ? batch.outcomes[i] : open;
      // Stored behind a gap: whoever sends the gap again must send this again too, or the order is lost.
      const behind = !outcome && item.broken.has(item.part);
      const error = behind ? new SendError('unknown', BEHIND_ANOTHER) : outcome;
      if (error) item.broken.add(item.part);
      item.settle(error);
    }
    queueMicrotask(() => this.feed());
  }
}
