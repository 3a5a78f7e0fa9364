/** Chances from 0 to 1, drawn from a seeded sequence: the same seed makes the same faults. */
export interface FaultRates {
  readonly seed: number;
  /** A reply that vanishes. */
  readonly dropReply?: number;
  /** A message that is stored twice, as after a send of unknown outcome. */
  readonly duplicate?: number;
  /** A send that is refused, with what follows of its partition. */
  readonly refuseSend?: number;
  /** Longest time that a send takes. */
  readonly delayMs?: number;
}

export class Faults {
  #state: number;

  constructor(private readonly rates: FaultRates) {
    this.#state = rates.seed >>> 0;
  }

  dropsReply(): boolean {
    return this.#happens(this.rates.dropReply);
  }

  duplicates(): boolean {
    return this.#happens(this.rates.duplicate);
  }

  refusesSend(): boolean {
    return this.#happens(this.rates.refuseSend);
  }

  delayMs(): number {
    return this.rates.delayMs === undefined ? 0 : this.#next() * this.rates.delayMs;
  }

  #happens(chance = 0): boolean {
    return chance > 0 && this.#next() < chance;
  }

  /** mulberry32: small, and good enough to spread faults. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
}
