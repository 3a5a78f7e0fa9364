import { setTimeout as sleep } from 'node:timers/promises';
import { type Bus, StartRefused } from '@taskwire/messaging';

const TRIES = 4;
const PAUSE_MS = 500;

export type StartingBus = Pick<Bus, 'start' | 'serve' | 'listen' | 'stopConsuming'>;

/**
 * A bus whose steps of a start survive a lost connection: one that failed waits until the broker is `reached` and is
 * taken again, four times in all. What says that the start itself is wrong ends it at once.
 */
export function steadyBus(bus: Bus, reached: () => Promise<void>): StartingBus {
  const steady = async <T>(step: () => Promise<T>): Promise<T> => {
    for (let left = TRIES - 1; ; left -= 1) {
      try {
        await reached();
        return await step();
      } catch (error) {
        if (left === 0 || error instanceof StartRefused || error instanceof TypeError) throw error;
        await sleep(PAUSE_MS);
      }
    }
  };
  return {
    start: () => steady(() => bus.start()),
    serve: (...args) => steady(() => bus.serve(...args)),
    listen: (...args) => steady(() => bus.listen(...args)),
    stopConsuming: (deadlineMs) => bus.stopConsuming(deadlineMs),
  };
}
