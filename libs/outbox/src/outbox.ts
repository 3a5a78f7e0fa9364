import type { Driver } from '@taskwire/messaging';
import type { OutboxStore, StoreOptions } from './outbox-store.js';

export interface OutboxLog {
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface OutboxOptions extends Omit<StoreOptions, 'onOutgoing'> {
  readonly driver: Pick<Driver, 'send'>;
  /** The service's database, for one LISTEN connection: other instances' commits wake the relay. Without it, it polls. */
  readonly listenUrl?: string;
  /** Default: the console. */
  readonly log?: OutboxLog;
  readonly relay?: Partial<RelaySettings>;
}

export interface RelaySettings {
  /** Default 6,000: after a crash, how long until another instance may send. */
  readonly leaseMs: number;
  /** Default 2,000. */
  readonly renewMs: number;
  /** How long before its lease ends the owner stops. Default 1,000. */
  readonly marginMs: number;
  /** How often rows are looked for without a wake-up. Default 500. */
  readonly pollMs: number;
  /** Rows of one pass. Default 200. */
  readonly batchSize: number;
}

/** The store of one service and all that runs beside it: relay, schedule, purge. */
export interface Outbox {
  readonly store: OutboxStore;
  /** Checks the database (warnings go to the log), then starts relay, schedule and purge. The driver must be connected and declared. */
  start(): Promise<void>;
  /** Sends what is stored, at most `deadlineMs` (default 5,000), then gives the lease back. Before the driver and the database close. Idempotent. */
  stop(deadlineMs?: number): Promise<void>;
}

/**
 * The store side of a service in one call.
 *
 * ```ts
 * const outbox = createOutbox({ executor: prismaExecutor(prisma), driver, source: '/taskwire/task', listenUrl: url });
 * // give outbox.store to the bus, then:
 * await outbox.start();
 * ```
 */
export declare function createOutbox(options: OutboxOptions): Outbox;
