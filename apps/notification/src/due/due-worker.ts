import { setTimeout as delay } from 'node:timers/promises';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';

/** Something that comes due and is tried until it is done: emails, webhooks. */
export interface DueWork<Item> {
  /** What the log calls it. */
  readonly name: string;
  /** Takes what is due, until it is settled or `leaseMs` are over; no more than `most`. */
  claim(most: number, leaseMs: number): Promise<Item[]>;
  /** One attempt, shorter than the lease, and what came of it stored. When it rejects, the item is due again after the lease. */
  attempt(item: Item): Promise<Attempt | null>;
  /** For the log: ids. */
  fieldsOf(item: Item): Fields;
  /** Deletes some of what is done and old. Resolves to how many; 0 ends it for an hour. */
  forget(): Promise<number>;
}

export interface Attempt {
  readonly outcome: string;
  /** Why it did not succeed. */
  readonly fault?: string | undefined;
  readonly fields: Fields;
}

/** Ids, attempts and reasons; never an address, a URL, a secret or a text. */
export type Fields = Record<string, unknown>;
export type WorkLog = (level: 'info' | 'warn', message: string, fields: Fields) => void;

export interface DueWorkerSettings {
  /** Attempts at once. */
  readonly concurrency: number;
  /** How often due work is looked for. */
  readonly pollMs: number;
  /** When another worker may take over what a dead one held. */
  readonly leaseMs: number;
  /** How long a stop waits for attempts that run. */
  readonly stopMs: number;
}

const DEFAULTS: Omit<DueWorkerSettings, 'concurrency'> = { pollMs: 1_000, leaseMs: 60_000, stopMs: 5_000 };
const FORGET_EVERY_MS = 60 * 60 * 1000;

/** Does what is due until it is stopped. Several instances share the work. */
export class DueWorker<Item> implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly settings: DueWorkerSettings;
  private readonly running = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  private loop: Promise<void> | undefined;
  private forgotAt = -Infinity;

  constructor(
    private readonly work: DueWork<Item>,
    private readonly log: WorkLog,
    settings: Partial<DueWorkerSettings> & Pick<DueWorkerSettings, 'concurrency'>,
  ) {
    this.settings = { ...DEFAULTS, ...settings };
  }

  onApplicationBootstrap(): void {
    this.loop ??= this.run();
  }

  /** Starts nothing new, and waits for what runs; what is not done by then is due again when its lease ends. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    const idle = Promise.all([this.loop, ...this.running]);
    await Promise.race([idle, delay(this.settings.stopMs, undefined, { ref: false })]);
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const claimed = await this.claim();
      for (const item of claimed) this.begin(item);
      const full = this.running.size >= this.settings.concurrency;
      if (full) await Promise.race(this.running);
      else if (claimed.length === 0) await this.pause();
    }
  }

  private async claim(): Promise<Item[]> {
    try {
      const free = this.settings.concurrency - this.running.size;
      return await this.work.claim(free, this.settings.leaseMs);
    } catch (error) {
      this.warn('what is due cannot be read; trying again', { error: reasonOf(error) });
      return [];
    }
  }

  private begin(item: Item): void {
    const attempt = this.attempt(item).finally(() => this.running.delete(attempt));
    this.running.add(attempt);
  }

  private async attempt(item: Item): Promise<void> {
    try {
      const attempt = await this.work.attempt(item);
      if (attempt === null) return;
      const { outcome, fault, fields } = attempt;
      const level = fault === undefined ? 'info' : 'warn';
      this.log(level, `${this.work.name}: ${outcome}`, { ...this.work.fieldsOf(item), ...fields, fault });
    } catch (error) {
      this.warn('an attempt could not be settled', {
        ...this.work.fieldsOf(item),
        error: reasonOf(error),
      });
    }
  }

  /** Until the next look, or until an attempt ends, which may let another one of the same kind begin. */
  private async pause(): Promise<void> {
    await this.forget();
    const looked = new AbortController();
    const signal = AbortSignal.any([this.stopping.signal, looked.signal]);
    const next = delay(this.settings.pollMs, undefined, { signal }).catch(() => undefined);
    await Promise.race([next, ...this.running]);
    looked.abort();
  }

  private async forget(): Promise<void> {
    if (performance.now() - this.forgotAt < FORGET_EVERY_MS) return;
    this.forgotAt = performance.now();
    try {
      while (!this.stopping.signal.aborted && (await this.work.forget()) > 0);
    } catch (error) {
      this.warn('what is old could not be deleted', { error: reasonOf(error) });
    }
  }

  private warn(message: string, fields: Fields): void {
    this.log('warn', `${this.work.name}: ${message}`, fields);
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
