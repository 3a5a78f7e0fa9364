/** Failures in a row after which calls are refused, and for how long. */
const THRESHOLD = 5;
const OPEN_MS = 2_000;

/** Refuses calls for a while after several failed in a row; then lets one through to see. */
export class CircuitBreaker {
  #failures = 0;
  #openUntil = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Whether a call may be made now. */
  admits(): boolean {
    if (this.#failures < THRESHOLD) return true;
    if (this.now() < this.#openUntil) return false;
    // One caller probes; the others wait for what it finds.
    this.#openUntil = this.now() + OPEN_MS;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(): void {
    this.#failures += 1;
    if (this.#failures >= THRESHOLD) this.#openUntil = this.now() + OPEN_MS;
  }
}
