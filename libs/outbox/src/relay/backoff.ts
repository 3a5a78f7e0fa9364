const FIRST_MS = 50;
const MOST_MS = 1_000;

/** Pauses of partitions that could not be sent to: growing, ended by the first success. */
export class PartitionBackoff {
  readonly #paused = new Map<string, { failures: number; until: number }>();

  /** Answers how often in a row it failed. */
  failed(partition: string): number {
    const failures = (this.#paused.get(partition)?.failures ?? 0) + 1;
    const pause = Math.min(MOST_MS, FIRST_MS * 2 ** (failures - 1));
    this.#paused.set(partition, { failures, until: performance.now() + pause });
    return failures;
  }

  succeeded(partition: string): void {
    this.#paused.delete(partition);
  }

  /** Partitions that are not to be tried now. */
  paused(): string[] {
    const now = performance.now();
    return [...this.#paused].filter(([, { until }]) => until > now).map(([partition]) => partition);
  }

  /** Until the next one may be tried; Infinity when none pauses. */
  nextMs(): number {
    const now = performance.now();
    return Math.min(Infinity, ...[...this.#paused.values()].map(({ until }) => Math.max(1, until - now)));
  }
}
