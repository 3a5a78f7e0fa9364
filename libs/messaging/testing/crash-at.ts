import { DIAGNOSTICS } from '../src/diagnostics.js';
import type { MemoryDriver } from '../src/drivers/memory/index.js';

export type Moment = keyof typeof DIAGNOSTICS;

export interface CrashOptions {
  /** How often this process comes to the moment until it happens. Default 1. */
  readonly times?: number;
  /** Default 10,000. */
  readonly limitMs?: number;
}

/**
 * Ends a memory driver as SIGKILL would end its process, at a named moment in a message's life: nothing more is
 * acknowledged, replied or sent, and other drivers of its broker take over. Resolves when that has happened, rejects when
 * the moment didn't come within the limit. Moments are the process's, whichever driver brings them.
 *
 * ```ts
 * const crash = crashAt(driver, 'committed');
 * await bus.publish(TaskCreated, { ... });
 * await crash; // the effect is in the database, and the message comes again: does it take effect twice?
 * ```
 */
export function crashAt(
  driver: MemoryDriver,
  moment: Moment,
  { times = 1, limitMs = 10_000 }: CrashOptions = {},
): Promise<void> {
  const channel = DIAGNOSTICS[moment];
  return new Promise((resolve, reject) => {
    let left = times;
    const reached = (): void => {
      left -= 1;
      if (left > 0) return;
      end();
      driver.abort();
      resolve();
    };
    const late = setTimeout(() => {
      end();
      reject(new Error(`the moment "${moment}" came ${times - left} of ${times} times within ${limitMs} ms`));
    }, limitMs);
    const end = (): void => {
      clearTimeout(late);
      channel.unsubscribe(reached);
    };
    channel.subscribe(reached);
  });
}
