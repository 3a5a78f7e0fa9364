import { Delivery } from '../../delivery/delivery.js';
import { withinMs } from '../../delivery/within.js';
import type { ConsumerOptions, Deliver } from '../../driver.js';
import { insist } from './insist.js';
import { type CommitTarget, Commits } from './commits.js';
import { OwnedPartition } from './owned-partition.js';

/** Room for what one answer brings of a partition, so that reading goes on while a batch runs. */
const LEAST_BUFFER = 1_000;

export interface WorkTarget extends CommitTarget {
  /** Whether this member certainly still owns its partitions. */
  isAlive(): boolean;
  /** A partition takes more. */
  room(): void;
}

/** What one instance does for a group: its partitions, what runs of them, what is committed. */
export class GroupWork {
  readonly delivery: Delivery;
  readonly commits: Commits;
  readonly #owned = new Map<string, OwnedPartition>();
  #isPaused = false;

  constructor(
    deliver: Deliver,
    options: ConsumerOptions,
    private readonly target: WorkTarget,
    /** How long what runs may go on when its partition must be given up. */
    private readonly drainMs: number,
  ) {
    this.delivery = new Delivery(deliver, {
      ...options,
      bufferSize: Math.max(LEAST_BUFFER, 2 * (options.batchSize ?? 0)),
      mayStart: () => target.isAlive(),
    });
    this.commits = new Commits(target, () => this.#owned.values());
  }

  get owned(): readonly OwnedPartition[] {
    return [...this.#owned.values()];
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  find(topic: string, partition: number): OwnedPartition | undefined {
    return this.#owned.get(keyOf(topic, partition));
  }

  pause(): void {
    this.#isPaused = true;
    this.delivery.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.delivery.resume();
    this.target.room();
  }

  take(name: string, topic: string, partition: number, next: bigint): OwnedPartition {
    const owned = new OwnedPartition(name, topic, partition, next, this.delivery, {
      settled: () => this.commits.poke(),
      room: () => this.target.room(),
    });
    this.#owned.set(keyOf(topic, partition), owned);
    return owned;
  }

  /** Gives partitions up in good order: what runs ends and is committed. What takes too long is lost instead. */
  async giveUp(partitions: readonly OwnedPartition[]): Promise<void> {
    if (partitions.length === 0) return;
    const drained = Promise.all(partitions.map(({ held }) => held.drain()));
    if (!(await withinMs(drained, this.drainMs))) {
      for (const { held } of partitions) if (held.isRunning) held.lose();
    }
    await this.commits.flush();
    this.lose(partitions);
  }

  /** They are somebody else's: what runs of them is not committed any more. */
  lose(partitions: readonly OwnedPartition[]): void {
    for (const owned of partitions) {
      this.delivery.drop(owned.held);
      const key = keyOf(owned.topic, owned.partition);
      if (this.#owned.get(key) === owned) this.#owned.delete(key);
    }
  }

  /** Waits for what runs, at most so long, and commits it. */
  async close(deadlineMs: number): Promise<void> {
    const end = performance.now() + deadlineMs;
    await this.delivery.close(deadlineMs);
    // A group that is sharing anew may refuse for a moment.
    const left = Math.max(LAST_COMMIT_MS, end - performance.now());
    await withinMs(
      insist(() => this.#commitLast(), Math.min(left, LAST_COMMIT_MS)).catch(() => undefined),
      left,
    );
    this.commits.stop();
  }

  async #commitLast(): Promise<void> {
    if (!(await this.commits.flush())) throw new Error('not committed');
  }

  abort(): void {
    this.commits.stop();
    this.lose(this.owned);
  }
}

const LAST_COMMIT_MS = 500;

const keyOf = (topic: string, partition: number): string => `${topic}/${String(partition)}`;
