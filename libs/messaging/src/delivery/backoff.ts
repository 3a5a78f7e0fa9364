/** A growing, bounded pause: `firstMs`, doubled each time, at most `mostMs`. */
export interface Backoff {
  readonly firstMs: number;
  readonly mostMs: number;
}

export const REDELIVERY_BACKOFF: Backoff = { firstMs: 50, mostMs: 5_000 };
export const RECONNECT_BACKOFF: Backoff = { firstMs: 50, mostMs: 2_000 };

/** The pause before attempt number `attempt` (1 is the first repeat). */
export function pauseBefore(attempt: number, { firstMs, mostMs }: Backoff): number {
  return Math.min(mostMs, firstMs * 2 ** Math.min(attempt - 1, 30));
}
