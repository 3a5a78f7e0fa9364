import { SingleFlight } from '../../delivery/single-flight.js';
import type { Link } from './connection.js';
import type { OwnedPartition } from './owned-partition.js';

/** A position that a dying instance did not store costs repeats, which inboxes absorb; storing each costs a statement. */
const EVERY_MS = 100;

const COMMIT = 'select sub, part from bus.commit($1, $2, $3, $4)';

/** Stores positions, many partitions in one statement; the next batch does not wait for it. */
export class Commits {
  readonly #pending = new Set<OwnedPartition>();
  readonly #flight: SingleFlight;

  constructor(
    private readonly link: Link,
    private readonly refused: (partition: OwnedPartition) => void,
  ) {
    // A commit that fails is repeated by the next heartbeat, which sees `done` ahead of `committed`.
    this.#flight = new SingleFlight(() => this.#commit(), undefined, EVERY_MS);
  }

  add(partition: OwnedPartition): void {
    this.#pending.add(partition);
    this.#flight.poke();
  }

  async idle(): Promise<void> {
    await this.#flight.idle();
  }

  async #commit(): Promise<void> {
    const list = [...this.#pending]
      .filter((p) => !p.held.isGone)
      .map((partition) => ({ partition, done: partition.done }));
    this.#pending.clear();
    if (list.length === 0) return;
    const rows = await this.link.query<{ sub: number; part: number }>('commit', COMMIT, [
      list.map(({ partition }) => partition.sub),
      list.map(({ partition }) => partition.part),
      list.map(({ partition }) => partition.epoch),
      list.map(({ done }) => done),
    ]);
    const accepted = new Set(rows.map(keyOf));
    for (const { partition, done } of list) {
      if (accepted.has(keyOf(partition))) partition.committed = Math.max(partition.committed, done);
      else if (!partition.leaving) this.refused(partition);
    }
  }
}

const keyOf = ({ sub, part }: { sub: number; part: number }): string => `${String(sub)}/${String(part)}`;
