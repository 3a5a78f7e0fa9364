import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs `work` once at a time: what is asked for meanwhile becomes one more run. So batches grow with load, in order. The
 * first run starts at once; the next ones start at least `everyMs` after each other.
 * `work` handles its own faults; one that escapes goes to `onFault` and ends the run, not the process.
 * `everyMs` is 0 by default.
 */
export class SingleFlight {
  #running: Promise<void> | undefined;
  #again = false;
  #notBefore = 0;

  constructor(
    private readonly work: () => Promise<void>,
    private readonly onFault: (fault: unknown) => void = () => undefined,
    private readonly everyMs = 0,
  ) {}

  /** Whether `work` runs, or is about to. */
  get running(): boolean {
    return this.#running !== undefined;
  }

  /** Asks for a run. */
  poke(): void {
    this.#again = true;
    this.#running ??= this.#loop();
  }

  /** Resolves when nothing runs and nothing was asked for. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #loop(): Promise<void> {
    await Promise.resolve();
    while (this.#again) {
      const pause = this.#notBefore - performance.now();
      if (pause > 0) await sleep(pause);
      this.#again = false;
      this.#notBefore = performance.now() + this.everyMs;
      try {
        await this.work();
      } catch (fault) {
        this.onFault(fault);
      }
    }
    this.#running = undefined;
  }
}
