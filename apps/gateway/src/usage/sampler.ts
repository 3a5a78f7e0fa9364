const FULL_RATE = 200;
const WINDOW_MS = 1_000;

/**
 * Takes every request up to 200 a second, above that one in N with weight N. N follows the second before, and doubles
 * within a second that turns out busier.
 */
export class Sampler {
  private windowStart = 0;
  private seen = 0;
  private taken = 0;
  private every = 1;

  /** The weight of this request; 0 when it is left out. */
  weigh(now = performance.now()): number {
    if (now - this.windowStart >= WINDOW_MS) this.startWindow(now);
    this.seen += 1;
    if (this.seen % this.every !== 0) return 0;
    const weight = this.every;
    this.taken += 1;
    if (this.taken % FULL_RATE === 0) this.every *= 2;
    return weight;
  }

  private startWindow(now: number): void {
    const seconds = this.windowStart === 0 ? 1 : (now - this.windowStart) / WINDOW_MS;
    this.every = Math.max(1, Math.ceil(this.seen / seconds / FULL_RATE));
    this.windowStart = now;
    this.seen = 0;
    this.taken = 0;
  }
}
