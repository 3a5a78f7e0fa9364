import type { PartitionOffset } from './client.js';
import type { OwnedPartition } from './owned-partition.js';

/** An offset that a dying instance did not commit costs repeats, which inboxes absorb; committing each costs a request. */
const EVERY_MS = 100;

export interface CommitTarget {
  /**
   * Whether the group certainly still counts on this member. While it shares anew, only a last commit is tried: of what is
   * given up now, or by one who leaves.
   */
  mayCommit(isLast: boolean): boolean;
  commit(offsets: readonly PartitionOffset[]): Promise<void>;
}

/** Commits what is settled, of all partitions in one request, one request at a time. */
export class Commits {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(
    private readonly target: CommitTarget,
    private readonly owned: () => Iterable<OwnedPartition>,
  ) {}

  /** Something may have to be committed. One that fails stays due, and is repeated with the next. */
  poke(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#commit();
    }, EVERY_MS);
  }

  /** Commits before partitions are given up; resolves with whether nothing is left to commit. */
  async flush(): Promise<boolean> {
    this.stop();
    await this.#running;
    await this.#commit(true);
    return ![...this.owned()].some((p) => p.isDirty);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #commit(isLast = false): Promise<void> {
    if (this.#running) {
      this.poke();
      return;
    }
    const due = [...this.owned()].filter((p) => p.isDirty).map((owned) => ({ owned, done: owned.done }));
    if (due.length === 0 || !this.target.mayCommit(isLast)) return;
    this.#running = this.target
      .commit(due.map(({ owned: { topic, partition }, done }) => ({ topic, partition, offset: done })))
      .then(
        () => {
          for (const { owned, done } of due) owned.committed = done;
        },
        () => undefined,
      )
      .finally(() => {
        this.#running = undefined;
      });
    await this.#running;
  }
}
