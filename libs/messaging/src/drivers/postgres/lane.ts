import { SingleFlight } from '../../delivery/single-flight.js';
import { type BatchLimits, type QueuedSend, refuse, takeBatch } from '../queued-send.js';
import { encodeHeaders, pack } from './codec.js';
import type { Link } from './connection.js';
import type { SizeBound } from './size-bound.js';
import { appendFailure, messageOf } from './sql-state.js';

const BATCH: BatchLimits = { messages: 500, bytes: 4 * 1024 ** 2 };
const ROW_OVERHEAD = 64;

export const BEHIND_ANOTHER =
  'postgres bus: an earlier message of this partition in the same send was not stored';

export type LaneItem = QueuedSend<number>;

/** One connection that appends, one statement at a time, so that a partition never has two unconfirmed batches. */
export class Lane {
  readonly #queue: LaneItem[] = [];
  readonly #flight = new SingleFlight(async () => {
    while (this.#queue.length > 0) await this.#appendNext();
  });

  constructor(
    private readonly link: Link,
    private readonly bound: SizeBound,
    private readonly stored: (parts: Iterable<number>) => void,
  ) {}

  add(item: LaneItem): void {
    this.#queue.push(item);
    this.#flight.poke();
  }

  async idle(): Promise<void> {
    await this.#flight.idle();
  }

  async #appendNext(): Promise<void> {
    let refusal: string | undefined;
    try {
      await this.link.client();
      refusal = await this.bound.refusal();
    } catch (error) {
      refusal = `postgres bus: no connection to append with: ${messageOf(error)}`;
    }
    if (refusal === undefined) await this.#append(takeBatch(this.#queue, BATCH, BEHIND_ANOTHER));
    else for (const item of this.#queue.splice(0)) refuse(item, refusal);
  }

  async #append(items: readonly LaneItem[]): Promise<void> {
    if (items.length === 0) return;
    const counts = new Map<number, number>();
    const ordinals = items.map(({ part }) => {
      const ordinal = counts.get(part) ?? 0;
      counts.set(part, ordinal + 1);
      return ordinal;
    });
    const bodies = items.map((i) => i.message.body);
    try {
      await this.link.query('append', 'select part, base from bus.append($1, $2, $3, $4, $5, $6, $7)', [
        items.map((i) => i.part),
        ordinals,
        items.map((i) => i.message.key),
        items.map((i) => encodeHeaders(i.message.headers)),
        ...pack(bodies),
      ]);
    } catch (error) {
      const failure = appendFailure(error);
      for (const item of items) item.broken.add(item.part);
      for (const item of items) item.settle(failure);
      return;
    }
    this.bound.sent(bodies.reduce((sum, body) => sum + body.length + ROW_OVERHEAD, 0));
    this.stored(counts.keys());
    for (const item of items) item.settle(undefined);
  }
}
