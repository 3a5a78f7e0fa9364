import { type OutboxLog, reasonOf } from './log.js';

const MOST_BACKOFF = 10;

/** Runs `work` again and again with a pause between, never twice at once. After a failure it is logged and the pause grows. */
export class Ticker {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #failures = 0;
  #stopped = false;

  constructor(
    private readonly name: string,
    private readonly everyMs: number,
    private readonly work: () => Promise<unknown>,
    private readonly log: OutboxLog,
  ) {}

  start(): void {
    this.#plan(0);
  }

  /** Starts nothing new, and waits for what runs. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #plan(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#tick();
    }, delayMs);
  }

  async #tick(): Promise<void> {
    try {
      await this.work();
      this.#failures = 0;
    } catch (error) {
      this.#failures = Math.min(this.#failures + 1, MOST_BACKOFF);
      if (!this.#stopped) this.log.error(`${this.name} failed, and is tried again`, reasonOf(error));
    }
    this.#plan(this.everyMs * (1 + this.#failures));
  }
}
