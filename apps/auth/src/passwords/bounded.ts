/** Runs at most `running` pieces of work at once; up to `waiting` more queue, further ones are refused. */
export class Bounded {
  private running = 0;
  private readonly queue: (() => void)[] = [];

  constructor(private readonly limits: { running: number; waiting: number }) {}

  /** Answers null at once when too much is waiting. */
  run<T>(work: () => Promise<T>): Promise<T> | null {
    if (this.running < this.limits.running) {
      this.running += 1;
      return this.inSlot(work);
    }
    if (this.queue.length >= this.limits.waiting) return null;
    return new Promise<void>((resolve) => this.queue.push(resolve)).then(() => this.inSlot(work));
  }

  private async inSlot<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      // The slot goes to the next in line, so that no newcomer takes it in between.
      const next = this.queue.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }
}
