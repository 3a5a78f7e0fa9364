import type { ConsumerOptions, Deliver, IncomingMessage } from '../driver.js';
import { type Backoff, REDELIVERY_BACKOFF } from './backoff.js';
import { HeldPartition, type PartitionEvents, type PartitionHost } from './held-partition.js';
import { withinMs } from './within.js';

const DEFAULT_BATCH_SIZE = 200;
export const DEFAULT_CONCURRENCY = 2;
const DEFAULT_BUFFER_BYTES = 1024 ** 2;
const DEFAULT_OVERLAP_MS = 20;

export interface DeliveryOptions extends ConsumerOptions {
  /** Most messages kept of one partition, running ones included. Default twice `batchSize`. */
  readonly bufferSize?: number;
  /** Beyond this many bytes of one partition no more is taken. Default 1 MiB. */
  readonly bufferBytes?: number;
  /**
   * While a batch runs, what comes gathers for the next one; another starts beside it when a full one is there, or when no
   * batch has started for so long. Default 20.
   */
  readonly overlapMs?: number;
  readonly backoff?: Backoff;
  /** Asked right before each batch. `false`: this instance may no longer be the owner; nothing is started. */
  readonly mayStart?: () => boolean;
}

/**
 * Runs `deliver` for the partitions that one consumer holds. Batches may span partitions; a partition is in at most one
 * running batch, also when it was lost and taken again meanwhile. A rejected batch is delivered again after a growing
 * pause, from its first message on, each of its partitions alone until it succeeds.
 */
export class Delivery implements PartitionHost {
  readonly backoff: Backoff;
  readonly bufferSize: number;
  readonly bufferBytes: number;
  readonly batchSize: number;
  readonly #concurrency: number;
  readonly #lingerMs: number;
  readonly #overlapMs: number;
  readonly #mayStart: () => boolean;
  /** In the order in which they are looked at: whoever was taken goes to the end. */
  #partitions: HeldPartition[] = [];
  readonly #runningKeys = new Set<string>();
  readonly #runs = new Set<Promise<void>>();
  #paused = false;
  #closed = false;
  #waking = false;
  #linger: NodeJS.Timeout | undefined;
  #overlap: NodeJS.Timeout | undefined;
  #lastStart = -Infinity;

  constructor(
    private readonly deliver: Deliver,
    options: DeliveryOptions = {},
  ) {
    this.batchSize = options.batchSize ?? DEFAULT_BATCH_SIZE;
    this.#concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
    this.#lingerMs = options.lingerMs ?? 0;
    this.bufferSize = options.bufferSize ?? 2 * this.batchSize;
    this.bufferBytes = options.bufferBytes ?? DEFAULT_BUFFER_BYTES;
    this.#overlapMs = options.overlapMs ?? DEFAULT_OVERLAP_MS;
    this.backoff = options.backoff ?? REDELIVERY_BACKOFF;
    this.#mayStart = options.mayStart ?? (() => true);
  }

  hold(topic: string, partition: number, events: PartitionEvents): HeldPartition {
    const held = new HeldPartition(topic, partition, this, events);
    this.#partitions.push(held);
    return held;
  }

  /** Removes a partition that was drained and released, or lost. */
  drop(held: HeldPartition): void {
    held.lose();
    this.#partitions = this.#partitions.filter((p) => p !== held);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.wake();
  }

  /** Starts whatever may start, once the caller is done: what it pushes to several partitions can share a batch. */
  wake(): void {
    if (this.#lingerMs > 0 && this.#pending() < this.batchSize) {
      this.#linger ??= setTimeout(() => this.#startSoon(), this.#lingerMs);
    } else {
      this.#startSoon();
    }
  }

  #startSoon(): void {
    this.#clearTimers();
    if (this.#waking) return;
    this.#waking = true;
    queueMicrotask(() => {
      this.#waking = false;
      this.#start();
    });
  }

  #clearTimers(): void {
    clearTimeout(this.#linger);
    clearTimeout(this.#overlap);
    this.#linger = undefined;
    this.#overlap = undefined;
  }

  #pending(): number {
    return this.#partitions.reduce((sum, p) => sum + p.pending, 0);
  }

  /** How long what waits may still grow, because something runs meanwhile. */
  #gatherMs(): number {
    if (this.#runs.size === 0) return 0;
    const startable = this.#partitions.reduce((sum, p) => sum + (this.#isStartable(p) ? p.pending : 0), 0);
    if (startable === 0 || startable >= this.batchSize) return 0;
    return this.#lastStart + this.#overlapMs - performance.now();
  }

  #isStartable(p: HeldPartition): boolean {
    return p.isReady && !this.#runningKeys.has(keyOf(p));
  }

  #start(): void {
    while (!this.#paused && !this.#closed && this.#runs.size < this.#concurrency) {
      const waitMs = this.#gatherMs();
      if (waitMs > 0) {
        this.#overlap ??= setTimeout(() => this.#startSoon(), waitMs);
        return;
      }
      const batch = this.#nextBatch();
      if (batch.length === 0) return;
      this.#lastStart = performance.now();
      const run: Promise<void> = this.#run(batch).finally(() => {
        this.#runs.delete(run);
        this.wake();
      });
      this.#runs.add(run);
    }
  }

  /** Waits for what runs, at most `deadlineMs`; what has not ended then is not acknowledged any more. */
  async close(deadlineMs: number): Promise<void> {
    this.#closed = true;
    this.#clearTimers();
    const drained = Promise.all([...this.#runs, ...this.#partitions.map((p) => p.drain())]);
    if (!(await withinMs(drained, deadlineMs))) for (const p of this.#partitions.filter(isRunning)) p.lose();
  }

  #nextBatch(): HeldPartition[] {
    const ready = this.#partitions.filter((p) => this.#isStartable(p));
    const first = ready[0];
    if (!first || !this.#mayStart()) return [];
    const batch = first.isSuspect ? [first] : [];
    let room = this.batchSize;
    for (const p of first.isSuspect ? [] : ready.filter((other) => !other.isSuspect)) {
      if (room <= 0) break;
      batch.push(p);
      room -= p.pending;
    }
    this.#partitions = [...this.#partitions.filter((p) => !batch.includes(p)), ...batch];
    return batch;
  }

  async #run(batch: readonly HeldPartition[]): Promise<void> {
    const messages: IncomingMessage[] = [];
    for (const p of batch) {
      this.#runningKeys.add(keyOf(p));
      messages.push(...p.take(this.batchSize - messages.length));
    }
    const outcome = await this.#attempt(messages);
    for (const p of batch) {
      this.#runningKeys.delete(keyOf(p));
      if (outcome === 'settled') p.settled();
      else p.failed();
    }
  }

  async #attempt(messages: readonly IncomingMessage[]): Promise<'settled' | 'failed'> {
    try {
      await this.deliver(messages);
      return 'settled';
    } catch {
      // Whoever delivers knows why and reports it; here it only means "again".
      return 'failed';
    }
  }
}

const keyOf = (p: HeldPartition): string => `${p.topic}\0${String(p.partition)}`;
const isRunning = (p: HeldPartition): boolean => p.isRunning;
