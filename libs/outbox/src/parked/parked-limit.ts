import { InfrastructureError } from '@taskwire/messaging';
import type { SqlTransaction } from '../sql/executor.js';
import { UNNAMED } from '../sql/statement-name.js';

const RECOUNT_MS = 5_000;
const COUNT = `${UNNAMED} select count(*)::int as count
  from (select 1 from parked_messages where subscriber = $1 limit $2::text::int) few`;

/** Pauses a subscription that has parked too much, instead of parking without end. Counted at most every 5 s. */
export class ParkedLimit {
  readonly #counted = new Map<string, { full: boolean; at: number }>();

  constructor(private readonly most: number) {}

  async check(tx: SqlTransaction, subscriber: string): Promise<void> {
    let known = this.#counted.get(subscriber);
    if (!known || performance.now() - known.at > RECOUNT_MS) {
      const [row] = await tx.query<{ count: number }>(COUNT, [subscriber, String(this.most)]);
      known = { full: (row?.count ?? 0) >= this.most, at: performance.now() };
      this.#counted.set(subscriber, known);
    }
    if (!known.full) return;
    throw new InfrastructureError(
      `${subscriber} has ${this.most} parked messages: it pauses until they are replayed or discarded`,
    );
  }
}
