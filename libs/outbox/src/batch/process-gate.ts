/**
 * Lets transactions run beside each other, or one alone in the process: then only it can be to blame when the process
 * dies. Who wants to be alone goes before those that come later. Bounded by the transactions' own time limits.
 */
export class ProcessGate {
  #beside = 0;
  #isAlone = false;
  readonly #waitingAlone: (() => void)[] = [];
  readonly #waitingBeside: (() => void)[] = [];

  async beside<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isAlone || this.#waitingAlone.length > 0) {
      await new Promise<void>((resolve) => this.#waitingBeside.push(resolve));
    } else this.#beside += 1;
    try {
      return await work();
    } finally {
      this.#beside -= 1;
      this.#next();
    }
  }

  async alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isAlone || this.#beside > 0) {
      await new Promise<void>((resolve) => this.#waitingAlone.push(resolve));
    } else this.#isAlone = true;
    try {
      return await work();
    } finally {
      this.#isAlone = false;
      this.#next();
    }
  }

  /** Whoever is let in is counted here, so that nobody comes between. */
  #next(): void {
    if (this.#isAlone || this.#beside > 0) return;
    const alone = this.#waitingAlone.shift();
    if (alone) {
      this.#isAlone = true;
      alone();
      return;
    }
    for (const resolve of this.#waitingBeside.splice(0)) {
      this.#beside += 1;
      resolve();
    }
  }
}

/** Several stores may share a process. */
export const processGate = new ProcessGate();
