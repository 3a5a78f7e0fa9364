import { describe, expect, it } from '@jest/globals';
import { bucketOf, type Histogram, quantile, RELATIVE_ERROR } from './histogram.js';

function histogramOf(values: readonly number[]): Histogram {
  return new Map([...Map.groupBy(values, bucketOf)].map(([bucket, { length }]) => [bucket, length]));
}

function exactQuantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(q * (sorted.length - 1))] ?? NaN;
}

/** Numbers that look random and are the same in each run. */
function* randoms(seed = 1): Generator<number> {
  for (let state = seed; ;) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    yield state / 2 ** 31;
  }
}

function sample(count: number, valueOf: (random: () => number) => number): number[] {
  const source = randoms();
  return Array.from({ length: count }, () => valueOf(() => source.next().value as number));
}

const distributions: [string, number[]][] = [
  ['even durations', sample(10_000, (random) => 1 + random() * 999)],
  ['a long tail', sample(10_000, (random) => Math.exp(2 + 2 * Math.sqrt(-2 * Math.log(random() || 1e-9))))],
  ['two humps', sample(10_000, (random) => (random() < 0.93 ? 2 + random() : 2_000 + 500 * random()))],
  ['the ends of the range', [0.01, 0.02, 86_400_000, 40_000_000]],
  ['one value', [3.7]],
];

describe('a quantile', () => {
  it.each(distributions)('of %s is within 2 percent of the true one', (_, values) => {
    const histogram = histogramOf(values);
    for (const q of [0, 0.01, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 1]) {
      const exact = exactQuantile(values, q);
      expect(Math.abs(quantile(histogram, q) - exact)).toBeLessThanOrEqual(
        exact * RELATIVE_ERROR * 1.000_001,
      );
    }
  });

  it('of nothing is 0', () => {
    expect(quantile(new Map(), 0.5)).toBe(0);
  });

  it('weighs a count like that many values', () => {
    const counted = new Map([
      [bucketOf(10), 990],
      [bucketOf(1_000), 10],
    ]);
    expect(quantile(counted, 0.98)).toBeLessThan(11);
    expect(quantile(counted, 0.995)).toBeGreaterThan(980);
  });
});

describe('buckets', () => {
  it('grow with the value, and are few for all durations there are', () => {
    const values = [0, 0.001, 0.01, 0.011, 1, 1.1, 60_000, 86_400_000, 1e12];
    const buckets = values.map(bucketOf);
    expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
    expect(bucketOf(1e12) - bucketOf(0)).toBeLessThan(600);
    expect(bucketOf(0)).toBe(bucketOf(0.01));
    expect(bucketOf(1e12)).toBe(bucketOf(86_400_000));
  });
});
