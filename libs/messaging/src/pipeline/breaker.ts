import { randomInt } from 'node:crypto';

export interface BreakerOptions {
  /** Distinct keys that fail with no success in between before the subscription pauses. Default 10. */
  readonly keys?: number;
  /** First pause; each further one in a row is twice as long. Default 250 ms. */
  readonly pauseMs?: number;
  /** Longest pause. Default 5,000 ms: as long as nothing is done after an outage. */
  readonly maxPauseMs?: number;
}

export type BreakerReason = 'infrastructure' | 'keys';

interface Gate {
  pause(): void;
  resume(): void;
}

/**
 * Pauses a subscription whose place is broken: at once on an infrastructure fault, or when many keys fail and none
 * succeeds. After the pause it probes: a few messages first, the rest when one succeeds.
 */
export class Breaker {
  readonly #failing = new Set<string>();
  readonly #options: Required<BreakerOptions>;
  #timer: NodeJS.Timeout | undefined;
  #pauses = 0;
  #closed = false;

  constructor(
    private readonly gate: Gate,
    private readonly onOpen: (reason: BreakerReason, pauseMs: number) => void,
    { keys = 10, pauseMs = 250, maxPauseMs = 5_000 }: BreakerOptions = {},
  ) {
    this.#options = { keys, pauseMs, maxPauseMs };
  }

  /** The subscription is paused. */
  get open(): boolean {
    return this.#timer !== undefined;
  }

  /** It was paused, and nothing has succeeded since. */
  get probing(): boolean {
    return this.#pauses > 0;
  }

  succeeded(): void {
    this.#failing.clear();
    this.#pauses = 0;
  }

  /** A handler failed. While probing, one failure is enough to pause again. */
  faulted(key: string): void {
    this.#failing.add(key);
    if (this.#failing.size >= this.#options.keys || this.probing) this.#pause('keys');
  }

  infrastructureFailed(): void {
    this.#pause('infrastructure');
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #pause(reason: BreakerReason): void {
    if (this.open || this.#closed) return;
    const limit = Math.min(this.#options.pauseMs * 2 ** this.#pauses, this.#options.maxPauseMs);
    this.#pauses += 1;
    this.gate.pause();
    this.onOpen(reason, limit);
    // Instances that failed together should not come back together.
    const pause = limit - randomInt(Math.ceil(limit / 5));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#failing.clear();
      this.gate.resume();
    }, pause);
  }
}
