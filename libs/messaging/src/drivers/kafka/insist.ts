import { setTimeout as sleep } from 'node:timers/promises';
import { type Backoff, pauseBefore } from '../../delivery/backoff.js';

const BACKOFF: Backoff = { firstMs: 50, mostMs: 500 };

/** Runs `work` again until it succeeds, or rejects with its last error when `ms` are over or `isFinal` says so. */
export async function insist<T>(
  work: () => Promise<T>,
  ms: number,
  isFinal: (error: unknown) => boolean = () => false,
): Promise<T> {
  const end = performance.now() + ms;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const pause = pauseBefore(attempt, BACKOFF) * (0.5 + Math.random() / 2);
      if (isFinal(error) || performance.now() + pause > end) throw error;
      await sleep(pause);
    }
  }
}
