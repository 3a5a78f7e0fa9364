/**
 * Runs `work` once at a time: what is asked for meanwhile becomes one more run. So batches grow with load, in order.
 * `work` handles its own faults; one that escapes goes to `onFault` and ends the run, not the process.
 */
export class SingleFlight {
  #running: Promise<void> | undefined;
  #again = false;

  constructor(
    private readonly work: () => Promise<void>,
    private readonly onFault: (fault: unknown) => void = () => undefined,
  ) {}

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
      this.#again = false;
      try {
        await this.work();
      } catch (fault) {
        this.onFault(fault);
      }
    }
    this.#running = undefined;
  }
}
