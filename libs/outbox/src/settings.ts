export interface StoreSettings {
  /** How long the inbox remembers; what was first sent longer ago is `too-old`. Default 7 days. */
  readonly windowMs: number;
  /** Pauses before the second, third, ... run of a parked event; after the last it is dead. Default 1 s, 30 s, 5 min. */
  readonly retryMs: readonly number[];
  /** Most parked rows of one key that the drainer runs in one commit; at most 64. Default 50. */
  readonly drainBatch: number;
  /** Longest run of handlers in one transaction; past it the run fails. Default 20,000. */
  readonly handlerMs: number;
  /** Parked messages of one subscriber at which it pauses. Default 1,000,000. */
  readonly parkedLimit: number;
  /** How often a process may die while a message runs alone in it; after that the message is settled as failed or dead. Default 5. */
  readonly processKills: number;
  /** Most dead messages of one subscriber that a replay makes due in a second. Default 20. */
  readonly replayPerSecond: number;
}

const DAY_MS = 24 * 60 * 60 * 1_000;

const STORE_DEFAULTS: StoreSettings = {
  windowMs: 7 * DAY_MS,
  retryMs: [1_000, 30_000, 5 * 60_000],
  drainBatch: 50,
  handlerMs: 20_000,
  parkedLimit: 1_000_000,
  processKills: 5,
  replayPerSecond: 20,
};

export function storeSettings(given: Partial<StoreSettings> = {}): StoreSettings {
  const settings = { ...STORE_DEFAULTS, ...given };
  if (settings.drainBatch < 1 || settings.drainBatch > 64) throw new RangeError('drainBatch must be 1 to 64');
  if (settings.retryMs.length === 0) throw new RangeError('retryMs needs at least one pause');
  if (!(settings.replayPerSecond > 0)) throw new RangeError('replayPerSecond must be more than 0');
  return settings;
}
