import { setTimeout as sleep } from 'node:timers/promises';

/** What `read` answers, once `fits` says so. Rejects, with the last answer, when that takes longer than the limit. */
export async function until<T>(
  what: string,
  read: () => Promise<T>,
  fits: (value: T) => boolean,
  limitMs = 15_000,
): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const value = await read();
    if (fits(value)) return value;
    if (performance.now() > end) {
      throw new Error(`not within ${limitMs} ms: ${what}; it is ${JSON.stringify(value)}`);
    }
    await sleep(25);
  }
}
