/** An account's. */
export const MOST_WEBHOOKS = 10;
/** Of one webhook; what comes while so many wait is not sent. */
export const MOST_WAITING = 1_000;

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Those that Standard Webhooks suggests: an endpoint has a little more than three days to come back. */
const DELAYS_MS = [
  ...[5 * SECOND_MS, 5 * MINUTE_MS, 30 * MINUTE_MS],
  ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR_MS),
];
export const MOST_TRIES = DELAYS_MS.length + 1;

/** How long a delivery waits after a failed try; null when there is no further one. */
export function delayAfter(tries: number, random: number = Math.random()): number | null {
  const delay = DELAYS_MS[tries - 1];
  return delay === undefined ? null : Math.round(delay * (0.8 + 0.4 * random));
}

const FIRST_HOLD_MS = 2 * SECOND_MS;
const LONGEST_HOLD_MS = 10 * MINUTE_MS;

/** How long an endpoint is left alone after so many failures in a row, whatever else waits for it. */
export function holdAfter(failures: number): number {
  return Math.min(FIRST_HOLD_MS * 2 ** (failures - 1), LONGEST_HOLD_MS);
}

/** Why the platform disabled a webhook: its endpoint said so (410), or nothing arrived for days. */
export type DisabledReason = 'gone' | 'failing';

/** Why an attempt got no answer, or a delivery no attempt. Its owner reads it. */
export type DeliveryError =
  | 'address_not_allowed'
  | 'connection_failed'
  | 'tls_failed'
  | 'timeout'
  | 'not_sent'
  | 'too_many_waiting'
  | 'webhook_disabled';
