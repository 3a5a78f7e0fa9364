import { CONNECT_TIMEOUT_MS } from './settings.js';

/** One request to write: how long it may take, and whether anything of it may have reached the broker. */
export class Attempt {
  #mayBeWritten: boolean;
  #isOver = false;

  constructor(
    isConnected: boolean,
    private readonly deadlineMs: number,
  ) {
    this.#mayBeWritten = isConnected;
  }

  get mayBeWritten(): boolean {
    return this.#mayBeWritten;
  }

  /** It took too long and was given up, while the client still tries. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** A connection was made meanwhile. */
  connected(): void {
    this.#mayBeWritten = true;
  }

  /** Rejects when `work` does not end in time: sooner when there is no connection to write to. */
  async within(work: Promise<unknown>): Promise<void> {
    const timers: NodeJS.Timeout[] = [];
    const late = new Promise<never>((_, reject) => {
      const giveUp = (reason: string): void => {
        this.#isOver = true;
        reject(new Error(reason));
      };
      const connectMs = Math.min(CONNECT_TIMEOUT_MS, this.deadlineMs);
      timers.push(
        setTimeout(() => {
          if (!this.#mayBeWritten) giveUp(`no connection within ${String(connectMs)} ms`);
        }, connectMs),
        setTimeout(() => giveUp(`no confirmation within ${String(this.deadlineMs)} ms`), this.deadlineMs),
      );
    });
    try {
      await Promise.race([work, late]);
    } finally {
      for (const timer of timers) clearTimeout(timer);
      work.catch(() => undefined);
    }
  }
}
