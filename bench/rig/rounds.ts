/** What one measurement of requests gave. Times in ms. */
export interface Measured {
  readonly perSecond: number;
  readonly errors: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Takes values sorted from small to large. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** The median of each figure over the rounds; errors are added up. */
export function medianOf(rounds: readonly Measured[]): Measured {
  const of = (read: (round: Measured) => number) => median(rounds.map(read));
  return {
    perSecond: of((round) => round.perSecond),
    errors: rounds.reduce((sum, round) => sum + round.errors, 0),
    p50: of((round) => round.p50),
    p95: of((round) => round.p95),
    p99: of((round) => round.p99),
  };
}
