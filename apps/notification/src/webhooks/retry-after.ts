const MOST_MS = 60 * 60 * 1_000;
const SECONDS = /^\d{1,9}$/;

/** How long an endpoint asks to be left alone, an hour at most: seconds or a date (RFC 9110, 10.2.3); 0 without a word. */
export function retryAfterMs(header: string | string[] | undefined, now: Date): number {
  if (typeof header !== 'string') return 0;
  const ms = SECONDS.test(header) ? Number(header) * 1_000 : Date.parse(header) - now.getTime();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), MOST_MS) : 0;
}
