import { FORGOTTEN_MS, type KeptAnswer } from './kept-answer.js';

const MOST = 10_000;

interface Slot {
  /** Without one, only that older versions are void. */
  readonly kept: KeptAnswer | undefined;
  readonly version: number;
  readonly until: number;
}

/** Answers that this process keeps. Bounded: the one that was asked for longest ago goes first. */
export class CacheInMemory {
  readonly #slots = new Map<string, Slot>();
  #cleared = 0;

  constructor(
    private readonly most = MOST,
    private readonly now: () => number = Date.now,
  ) {}

  /** Changes with each `clear`: what was read before one may not be kept after it. */
  get cleared(): number {
    return this.#cleared;
  }

  find(key: string): KeptAnswer | undefined {
    const slot = this.#slot(key);
    if (slot) this.#put(key, slot);
    return slot?.kept;
  }

  /** False, and nothing else, when a newer version is known. */
  keep(key: string, kept: KeptAnswer): boolean {
    if ((this.#slot(key)?.version ?? 0) > kept.version) return false;
    this.#put(key, { kept, version: kept.version, until: kept.until });
    return true;
  }

  /** Versions before this one are void. */
  forget(key: string, version: number): void {
    if ((this.#slot(key)?.version ?? 0) >= version) return;
    this.#put(key, { kept: undefined, version, until: this.now() + FORGOTTEN_MS });
  }

  clear(): void {
    this.#slots.clear();
    this.#cleared += 1;
  }

  #slot(key: string): Slot | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined || slot.until > this.now()) return slot;
    this.#slots.delete(key);
    return undefined;
  }

  #put(key: string, slot: Slot): void {
    this.#slots.delete(key);
    const oldest = this.#slots.keys().next();
    if (this.#slots.size >= this.most && !oldest.done) this.#slots.delete(oldest.value);
    this.#slots.set(key, slot);
  }
}
