import { setTimeout as delay } from 'node:timers/promises';

/** Waits until `find` answers something, asking every 20 ms; rejects with what was waited for after `limitMs`. */
export async function until<T>(
  what: string,
  find: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  limitMs = 15_000,
): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = await find();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain for ${what}`);
    await delay(20);
  }
}
