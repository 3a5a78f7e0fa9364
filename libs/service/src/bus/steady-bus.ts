import { setTimeout as sleep } from 'node:timers/promises';
import { type Bus, StartRefused } from '@taskwire/messaging';

/** Before the second try and those after it. */
const PAUSES_MS = [500, 1_000, 2_000];

export type StartingBus = Pick<Bus, 'start' | 'serve' | 'listen' | 'stopConsuming'>;

/**
 * A bus whose steps of a start survive a connection that is lost for a moment: one that failed waits until the broker is
 * `reached` and is taken again, four times in all. What is refused for good ends it at once where that is known.
 */
export function steadyBus(bus: Bus, reached: () => Promise<void>, warn: (text: string) => void): StartingBus {
  const steady = async <T>(step: () => Promise<T>): Promise<T> => {
    for (let failures = 0; ; failures += 1) {
      try {
        await reached();
        return await step();
      } catch (error) {
        const pause = PAUSES_MS[failures];
        if (pause === undefined || error instanceof StartRefused || error instanceof TypeError) throw error;
        warn(
          `the bus did not start, trying again: ${error instanceof Error ? error.message : String(error)}`,
        );
        await sleep(pause);
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
