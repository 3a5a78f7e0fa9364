import { randomUUID } from 'node:crypto';
import type { Driver } from '@taskwire/messaging';
import { type OutboxLog, reasonOf } from '../log.js';
import type { SqlExecutor } from '../sql/executor.js';
import { Ticker } from '../ticker.js';
import { PartitionBackoff } from './backoff.js';
import { Lease } from './lease.js';
import { Notifier, type Notice } from './notifier.js';
import { type PassResult, runPass } from './pass.js';
import { nextRows, type OutboxRow } from './rows.js';
import type { RelaySettings } from './settings.js';
import { Signal } from './signal.js';

export interface RelayOptions {
  readonly executor: SqlExecutor;
  readonly driver: Pick<Driver, 'send'>;
  readonly log: OutboxLog;
  readonly settings: RelaySettings;
}

const LEASE_NAME = 'outbox';
const FAULT_PAUSE_MS = 250;
/** Between two passes that found less than they take: so that there is more for the second one. */
const PACE_MS = 10;

/** Sends the rows of an outbox in the order of their numbers. Of several instances one sends; never two passes at once. */
export class Relay {
  readonly #lease: Lease;
  readonly #renewal: Ticker;
  readonly #notifier: Notifier;
  readonly #signal = new Signal();
  readonly #backoff = new PartitionBackoff();
  /** Sent, and deleted with the next read. */
  #sent: readonly OutboxRow[] = [];
  #loop: Promise<void> | undefined;
  #renewing: Promise<void> = Promise.resolve();
  /** It was woken while the lease was not its own: there may be rows that nobody has looked for. */
  #missed = false;
  #stopAt = Infinity;
  /** After it was told to stop, it looked once more. */
  #drained = false;

  constructor(private readonly options: RelayOptions) {
    const { executor, log, settings } = options;
    this.#lease = new Lease(executor, LEASE_NAME, randomUUID(), settings);
    this.#renewal = new Ticker('the lease of the relay', settings.renewMs, () => this.#renew(), log);
    this.#notifier = new Notifier(executor, log);
  }

  /** Whether this instance sends. */
  owns(): boolean {
    return this.#lease.owns();
  }

  start(): void {
    this.#renewal.start();
    this.#loop ??= this.#run();
  }

  /** Rows were stored by this process: sends them, or wakes the instance that does. */
  wake(): void {
    if (this.#lease.owns()) this.#signal.raise();
    else if (this.#loop) this.#notifier.rows();
  }

  /** Another instance said that there is something to do. */
  heard(notice: Notice): void {
    if (notice === 'rows') this.#signal.raise();
    else if (this.#stopAt === Infinity) {
      this.#renewing = this.#renewing.then(() => this.#renew()).catch(() => undefined);
    }
  }

  /** Sends what is there, at most `deadlineMs`, then lets another instance go on at once. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopAt = Math.min(this.#stopAt, performance.now() + deadlineMs);
    this.#signal.raise();
    await Promise.race([this.#loop, pause(deadlineMs)]);
    await this.#renewal.stop();
    // One that is under way would take the lease again behind its release, and hold it for nothing.
    await this.#renewing;
    if (!this.#loop) return;
    try {
      await this.#lease.release();
      await this.#notifier.send('lease');
    } catch (error) {
      this.options.log.warn(
        'the lease of the relay could not be given back; it ends by itself',
        reasonOf(error),
      );
    }
  }

  async #renew(): Promise<void> {
    if (this.#stopAt < Infinity && !this.#lease.owns()) return;
    const owned = this.#lease.owns();
    const owns = await this.#lease.renew();
    // Over by its own clock while it asked is over, too: what woke it then was missed.
    if (owns && (!owned || this.#missed)) this.#signal.raise();
  }

  /** Until it is told to stop and nothing more can be sent, or its deadline has passed. */
  async #run(): Promise<void> {
    let more = false;
    while (performance.now() < this.#stopAt) {
      if (!more && this.#stopAt < Infinity) {
        if (this.#drained) return;
        this.#drained = true;
      } else if (!more) await this.#signal.wait(this.#pauseMs());
      this.#missed = !this.#lease.owns();
      more = !this.#missed && (await this.#pass());
    }
  }

  #pauseMs(): number {
    return Math.min(this.options.settings.pollMs, this.#backoff.nextMs());
  }

  /** Answers whether there may be more to do now. */
  async #pass(): Promise<boolean> {
    const { executor, driver, log, settings } = this.options;
    try {
      this.#signal.clear();
      const rows = await nextRows(executor, settings.batchSize, this.#backoff.paused(), this.#sent);
      this.#sent = [];
      const result = await runPass(executor, driver, this.#lease, rows, settings.batchSize);
      this.#sent = result.sent;
      this.#note(result);
      if (result.gone > 0 && !result.full) await pause(PACE_MS);
      return result.gone > 0;
    } catch (error) {
      log.error('the relay could not read or delete rows of the outbox, and tries again', reasonOf(error));
      await pause(FAULT_PAUSE_MS);
      return false;
    }
  }

  #note({ failed, refused, sentTo }: PassResult): void {
    const { log } = this.options;
    for (const partition of sentTo) if (!failed.has(partition)) this.#backoff.succeeded(partition);
    for (const [partition, error] of failed) {
      const failures = this.#backoff.failed(partition);
      if (failures === 1)
        log.warn('events could not be sent, and are tried again', { partition, ...reasonOf(error) });
    }
    for (const { row, error } of refused) {
      log.error('an event can never be sent: it is held, and with it those of its key', {
        seq: row.seq,
        topic: row.topic,
        reason: error,
      });
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
