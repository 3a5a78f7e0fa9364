import type { IncomingMessage } from '../driver.js';
import { type Backoff, pauseBefore } from './backoff.js';

export interface PartitionEvents {
  /** All messages up to and including `last` are settled; `count` of them since the last call. Not called once lost. */
  acknowledge(last: IncomingMessage, count: number): void;
  /** The buffer has room again. */
  room(): void;
}

/** What a partition needs from the delivery that it belongs to. */
export interface PartitionHost {
  readonly backoff: Backoff;
  readonly bufferSize: number;
  readonly bufferBytes: number;
  /** Something may be ready to start. */
  wake(): void;
}

type State = 'held' | 'draining' | 'gone';

/** The messages of one partition that this instance holds: a bounded buffer of which at most one batch runs. */
export class HeldPartition {
  #state: State = 'held';
  #buffer: IncomingMessage[] = [];
  #running: readonly IncomingMessage[] = [];
  /** Of the buffer and of what runs. */
  #bytes = 0;
  #attempts = 0;
  #retry: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];

  constructor(
    readonly topic: string,
    readonly partition: number,
    private readonly host: PartitionHost,
    private readonly events: PartitionEvents,
  ) {}

  /** How many messages `push` takes now. */
  get room(): number {
    if (this.#state !== 'held' || this.#bytes >= this.host.bufferBytes) return 0;
    return Math.max(0, this.host.bufferSize - this.#buffer.length - this.#running.length);
  }

  get isGone(): boolean {
    return this.#state === 'gone';
  }

  get isRunning(): boolean {
    return this.#running.length > 0;
  }

  get pending(): number {
    return this.#buffer.length;
  }

  get isReady(): boolean {
    return this.#state === 'held' && !this.isRunning && this.#retry === undefined && this.#buffer.length > 0;
  }

  /** After a failure a partition is delivered alone, so that it does not hold up those that shared its batch. */
  get isSuspect(): boolean {
    return this.#attempts > 0;
  }

  push(messages: readonly IncomingMessage[]): void {
    if (this.#state !== 'held' || messages.length === 0) return;
    this.#buffer.push(...messages);
    this.#bytes += bytesOf(messages);
    this.host.wake();
  }

  /** Starts nothing new and drops what has not started; resolves when nothing runs. What runs is acknowledged still. */
  async drain(): Promise<void> {
    if (this.#state === 'held') this.#state = 'draining';
    this.#forget();
    if (this.isRunning) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Somebody else may own the partition now: what runs goes on, but its result is not acknowledged. */
  lose(): void {
    this.#state = 'gone';
    this.#forget();
  }

  take(most: number): readonly IncomingMessage[] {
    this.#running = this.#buffer.splice(0, most);
    return this.#running;
  }

  settled(): void {
    const settled = this.#running;
    const last = settled.at(-1);
    this.#running = [];
    this.#bytes -= bytesOf(settled);
    this.#attempts = 0;
    if (this.#state !== 'gone' && last) this.events.acknowledge(last, settled.length);
    if (this.#state === 'held') this.events.room();
    this.#becameIdle();
  }

  failed(): void {
    const again = this.#running;
    this.#running = [];
    this.#attempts += 1;
    if (this.#state === 'held') {
      this.#buffer.unshift(...again);
      this.#retry = setTimeout(
        () => {
          this.#retry = undefined;
          this.host.wake();
        },
        pauseBefore(this.#attempts, this.host.backoff),
      );
    }
    this.#becameIdle();
  }

  #forget(): void {
    this.#buffer = [];
    this.#bytes = bytesOf(this.#running);
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  #becameIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

const bytesOf = (messages: readonly IncomingMessage[]): number =>
  messages.reduce((sum, message) => sum + message.body.length, 0);
