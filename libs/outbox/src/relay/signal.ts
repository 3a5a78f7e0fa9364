/** A wake-up that is not lost when it comes before anybody waits for it. */
export class Signal {
  #raised = false;
  #waiting: (() => void) | undefined;

  raise(): void {
    this.#raised = true;
    this.#waiting?.();
  }

  /** What it was raised for is being looked at. */
  clear(): void {
    this.#raised = false;
  }

  /** Resolves when raised since the last wait, or after `mostMs`. One waiter. */
  async wait(mostMs: number): Promise<void> {
    if (!this.#raised) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, mostMs);
        this.#waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#waiting = undefined;
    this.#raised = false;
  }
}
