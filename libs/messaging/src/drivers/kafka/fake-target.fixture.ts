import type { PartitionOffset } from './client.js';
import type { WorkTarget } from './group-work.js';

/** A group that takes or refuses commits as the test says. */
export class FakeTarget implements WorkTarget {
  alive = true;
  sharing = false;
  refuses = false;
  rooms = 0;
  readonly commits: string[][] = [];
  #held: (() => void)[] | undefined;

  isAlive = (): boolean => this.alive;

  mayCommit = (isLast: boolean): boolean => this.alive && (isLast || !this.sharing);

  /** From now on commits wait until `let go`. */
  hold(): void {
    this.#held = [];
  }

  letGo(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const resolve of held) resolve();
  }

  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    this.commits.push(offsets.map((o) => `${o.topic}/${String(o.partition)}@${String(o.offset)}`));
    if (this.#held) await new Promise<void>((resolve) => this.#held?.push(resolve));
    if (this.refuses) throw new Error('refused by the test');
  }

  room = (): void => {
    this.rooms += 1;
  };
}
