export interface RelaySettings {
  /** After a crash of its owner, how long until another instance may send. Default 6,000. */
  readonly leaseMs: number;
  /** How often the lease is renewed, and asked for by those without it. Default 2,000. */
  readonly renewMs: number;
  /** How long before its lease ends the owner stops sending. Default 1,000. */
  readonly marginMs: number;
  /** How often rows are looked for without a wake-up. Default 500. */
  readonly pollMs: number;
  /** Rows of one pass. Default 500. */
  readonly batchSize: number;
}

const RELAY_DEFAULTS: RelaySettings = {
  leaseMs: 6_000,
  renewMs: 2_000,
  marginMs: 1_000,
  pollMs: 500,
  batchSize: 500,
};

export function relaySettings(given: Partial<RelaySettings> = {}): RelaySettings {
  const settings = { ...RELAY_DEFAULTS, ...given };
  const { leaseMs, renewMs, marginMs } = settings;
  if (renewMs + marginMs >= leaseMs) {
    throw new RangeError(
      `relay: renewMs (${renewMs}) and marginMs (${marginMs}) must be less than leaseMs (${leaseMs}) together`,
    );
  }
  return settings;
}
