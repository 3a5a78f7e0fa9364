import type { Logger } from '@taskwire/telemetry';

/** The last steps get this long even when those before used everything up. */
const LEAST_MS = 250;

interface Step {
  readonly name: string;
  close(leftMs: number): Promise<unknown>;
}

/**
 * Undoes a start: the parts that were started last end first. A part that fails or hangs is logged, and the others are
 * ended all the same; none gets more than half of the time that is left, so that all have some.
 */
export class Shutdown {
  readonly #steps: Step[] = [];
  #running: Promise<void> | undefined;

  constructor(
    private readonly log: Logger,
    private readonly deadlineMs: number,
  ) {}

  get started(): boolean {
    return this.#running !== undefined;
  }

  /** `close` gets the milliseconds that it may take. */
  add(name: string, close: (leftMs: number) => Promise<unknown>): void {
    this.#steps.unshift({ name, close });
  }

  /** Idempotent; never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    const end = performance.now() + this.deadlineMs;
    for (const step of this.#steps) {
      const limit = Math.max(LEAST_MS, (end - performance.now()) / 2);
      try {
        await within(limit, step);
      } catch (error) {
        this.log.warn({ err: error, part: step.name }, 'a part did not end cleanly');
      }
    }
  }
}

async function within(limitMs: number, { name, close }: Step): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${name} did not end within ${Math.round(limitMs)} ms`)),
      limitMs,
    );
  });
  try {
    await Promise.race([close(limitMs), late]);
  } finally {
    clearTimeout(timer);
  }
}
