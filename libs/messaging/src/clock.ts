import type { Finding } from './finding.js';

/** How far a clock is before another one, in milliseconds, and by how much that may be wrong. */
export interface ClockOffset {
  readonly ms: number;
  readonly uncertainMs: number;
}

const ROUNDS = 3;
const WARN_MS = 2_000;
const REFUSE_MS = 60_000;

/** Compares another clock with this process's: asks it a few times, and keeps the quickest answer, the surest one. */
export async function clockOffset(ask: () => Promise<Date>): Promise<ClockOffset> {
  let best: ClockOffset = { ms: 0, uncertainMs: Infinity };
  for (let round = 0; round < ROUNDS; round += 1) {
    const [asked, began] = [Date.now(), performance.now()];
    const answer = await ask();
    const uncertainMs = (performance.now() - began) / 2;
    if (uncertainMs < best.uncertainMs) best = { ms: answer.getTime() - asked - uncertainMs, uncertainMs };
  }
  return best;
}

/** Of two clocks that go into the same decisions. `pair` names them: "the clocks of this process and its database". */
export function clockFindings(pair: string, { ms, uncertainMs }: ClockOffset): Finding[] {
  const apart = Math.abs(ms) - uncertainMs;
  if (apart < WARN_MS) return [];
  return [
    {
      level: apart < REFUSE_MS ? 'warning' : 'refused',
      what: `${pair} are ${(Math.abs(ms) / 1_000).toFixed(1)} s apart`,
      why: 'one stamps what is sent, the other decides what is due, late or too old',
      change: 'set both by NTP',
    },
  ];
}
