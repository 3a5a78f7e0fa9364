export interface DrainOptions {
  /** How often parked messages are looked for while some may be due. Default 1,000 ms. */
  readonly everyMs?: number;
  /** How often otherwise: another instance may have parked some and died. Default 30,000 ms. */
  readonly idleEveryMs?: number;
}

/** Longest back-off of a parked message is 5 minutes; after twice that without one, nothing of ours is due. */
const ALERT_MS = 10 * 60_000;
const ROUNDS = 20;

/** Runs `drain` on a timer, never twice at once, at most some rounds in a row. It answers undefined when it could not look. */
export class Drainer {
  readonly #everyMs: number;
  readonly #idleEveryMs: number;
  #alertUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    private readonly drain: () => Promise<number | undefined>,
    { everyMs = 1_000, idleEveryMs = 30_000 }: DrainOptions = {},
  ) {
    this.#everyMs = everyMs;
    this.#idleEveryMs = idleEveryMs;
  }

  /** Looks now, then often for a while: the process before this one may have parked some, and told nobody. */
  start(): void {
    this.#alertUntil = Date.now() + ALERT_MS;
    this.#schedule(0);
  }

  /** A message was parked: look often for a while. */
  alert(): void {
    const idle = Date.now() > this.#alertUntil;
    this.#alertUntil = Date.now() + ALERT_MS;
    if (idle) this.#schedule(this.#everyMs);
  }

  /** Starts nothing new; resolves when what runs is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(delay: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#running = this.#running.then(() => this.#round());
    }, delay);
  }

  async #round(): Promise<void> {
    for (let round = 0; round < ROUNDS && !this.#stopped; round += 1) {
      const settled = await this.drain();
      if (settled !== 0) this.#alertUntil = Date.now() + ALERT_MS;
      if (!settled) break;
    }
    this.#schedule(Date.now() < this.#alertUntil ? this.#everyMs : this.#idleEveryMs);
  }
}
