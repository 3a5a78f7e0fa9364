import type { ClockOffset } from '@taskwire/messaging';

const LIMIT_MS = 5_000;
/** HTTP dates have whole seconds. */
const HALF_A_SECOND_MS = 500;

/** How far the clock of the process at this address is before ours, by the date of an answer; undefined without one. */
export async function readClock(url: string): Promise<ClockOffset | undefined> {
  try {
    const [asked, began] = [Date.now(), performance.now()];
    const { headers } = await fetch(new URL('/health/live', url), { signal: AbortSignal.timeout(LIMIT_MS) });
    const halfMs = (performance.now() - began) / 2;
    const ms = Date.parse(headers.get('date') ?? '') + HALF_A_SECOND_MS - asked - halfMs;
    return Number.isNaN(ms) ? undefined : { ms, uncertainMs: halfMs + HALF_A_SECOND_MS };
  } catch {
    return undefined;
  }
}
