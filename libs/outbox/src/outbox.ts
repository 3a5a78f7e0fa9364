import { setTimeout as delay } from 'node:timers/promises';
import { demandHealthy, type Driver, type Finding } from '@taskwire/messaging';
import { checkStore } from './check-store.js';
import { consoleLog, type OutboxLog } from './log.js';
import type { OutboxStore, StoreOptions } from './outbox-store.js';
import { purge } from './purge.js';
import { Listener } from './relay/listener.js';
import { Relay } from './relay/relay.js';
import { type RelaySettings, relaySettings } from './relay/settings.js';
import { moveAllDue } from './schedule.js';
import { storeSettings } from './settings.js';
import { createStore } from './store.js';
import { Ticker } from './ticker.js';

export interface OutboxOptions extends Omit<StoreOptions, 'onOutgoing'> {
  readonly driver: Pick<Driver, 'send'>;
  /** The service's database, for one LISTEN connection: other instances' commits wake the relay. Without it, it polls. */
  readonly listenUrl?: string;
  /** Default: the console. */
  readonly log?: OutboxLog;
  readonly relay?: Partial<RelaySettings>;
  /** How often scheduled messages are looked for. Default 500. */
  readonly scheduleMs?: number;
}

/** The store of one service and all that runs beside it: relay, schedule, purge. */
export interface Outbox {
  readonly store: OutboxStore;
  /**
   * Checks the database, then starts relay, schedule and purge. Warnings go to the log; what is refused rejects with a
   * StartRefused. The driver must be connected and its topology declared.
   */
  start(): Promise<void>;
  /** What is wrong with the database, its clock and these settings now. */
  check(): Promise<readonly Finding[]>;
  /**
   * Sends what is stored, at most `deadlineMs` (default 5,000), then gives the lease back. Call it after the handlers have
   * ended and before driver and database close. Idempotent.
   */
  stop(deadlineMs?: number): Promise<void>;
}

const STOP_MS = 5_000;
const SCHEDULE_MS = 500;
const PURGE_MS = 60_000;
const LEASE_RETURN_MS = 2_000;

/**
 * The store side of a service in one call.
 *
 * ```ts
 * const outbox = createOutbox({ executor: prismaExecutor(prisma), driver, listenUrl: databaseUrl });
 * // give outbox.store to the bus, then:
 * await outbox.start();
 * // at the end, between the bus's handlers and the bus's connection:
 * await outbox.stop();
 * ```
 */
export function createOutbox(options: OutboxOptions): Outbox {
  const { executor, driver, listenUrl, log = consoleLog, scheduleMs = SCHEDULE_MS } = options;
  const relay = new Relay({ executor, driver, log, settings: relaySettings(options.relay) });
  const wake = (): void => {
    relay.wake();
  };
  const settings = storeSettings(options.settings);
  const { windowMs } = settings;
  const tickers = [
    new Ticker('moving scheduled messages', scheduleMs, () => moveAllDue(executor, wake), log),
    new Ticker('purging the inbox', PURGE_MS, () => purge(executor, windowMs), log),
  ];
  const listener =
    listenUrl === undefined ? undefined : new Listener(listenUrl, (notice) => relay.heard(notice), log);
  let stopped: Promise<void> | undefined;
  const stop = async (deadlineMs: number): Promise<void> => {
    const stopping = Promise.all([
      listener?.stop(),
      relay.stop(deadlineMs),
      ...tickers.map((ticker) => ticker.stop()),
    ]);
    // A database that does not answer must not keep the process: its lease ends by itself.
    await Promise.race([stopping, delay(deadlineMs + LEASE_RETURN_MS, undefined, { ref: false })]);
  };
  return {
    store: createStore({ ...options, onOutgoing: wake }),
    start: async () => {
      demandHealthy(await checkStore(executor, { settings }), (text) => log.warn(text));
      await listener?.start();
      relay.start();
      for (const ticker of tickers) ticker.start();
    },
    check: () => checkStore(executor, { settings }),
    stop: (deadlineMs = STOP_MS) => (stopped ??= stop(deadlineMs)),
  };
}
