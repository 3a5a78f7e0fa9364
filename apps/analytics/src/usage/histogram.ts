/**
 * Buckets of a DDSketch (Masson, Rim, Lee: "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error
 * Guarantees", PVLDB 12(12), 2019): their bounds grow by a constant factor, so that every value of a bucket is within
 * 2 % of the bucket's estimate. Histograms are merged by adding the counts of equal buckets; nothing is lost by it.
 */
export const RELATIVE_ERROR = 0.02;
const GROWTH = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GROWTH = Math.log(GROWTH);

/** Below a hundredth of a millisecond and above a day nothing is told apart: so buckets are bounded in number, too. */
const SMALLEST_MS = 0.01;
const LARGEST_MS = 86_400_000;

/** Counts by bucket. */
export type Histogram = ReadonlyMap<number, number>;

/** The bucket of a duration: the `i` with GROWTH^(i-1) < ms <= GROWTH^i. */
export function bucketOf(ms: number): number {
  return Math.ceil(Math.log(Math.min(Math.max(ms, SMALLEST_MS), LARGEST_MS)) / LOG_GROWTH);
}

/** The value with the smallest relative error to all values of the bucket. */
function estimateOf(bucket: number): number {
  return (2 * GROWTH ** bucket) / (GROWTH + 1);
}

/** The lower quantile (0 to 1) of what was counted, within the relative error; 0 of nothing. */
export function quantile(histogram: Histogram, q: number): number {
  const buckets = [...histogram].sort(([a], [b]) => a - b);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  const rank = q * (total - 1);
  let counted = 0;
  for (const [bucket, count] of buckets) {
    counted += count;
    if (counted > rank) return estimateOf(bucket);
  }
  return 0;
}
