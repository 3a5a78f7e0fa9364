import { describe, expect, it } from '@jest/globals';
import { Sampler } from './sampler.js';

/** Requests spread evenly over seconds, at so many a second. */
function weights(sampler: Sampler, perSecond: number, seconds: number, from = 1): number[] {
  return Array.from({ length: perSecond * seconds }, (_, i) => sampler.weigh(from + (i * 1000) / perSecond));
}
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

describe('Sampler', () => {
  it('takes every request up to 200 a second', () => {
    expect(weights(new Sampler(), 150, 3)).toEqual(Array.from({ length: 450 }, () => 1));
  });

  it('takes about 200 of many, whose weights stand for all', () => {
    const taken = weights(new Sampler(), 5_000, 10).filter((weight) => weight > 0);

    expect(taken.length).toBeLessThan(10 * 200 * 2 + 1_000);
    expect(sum(taken) / 50_000).toBeCloseTo(1, 1);
  });

  it('takes every request again after a burst', () => {
    const sampler = new Sampler();
    weights(sampler, 5_000, 2);
    weights(sampler, 100, 1, 2_001);

    expect(weights(sampler, 100, 1, 3_002)).toEqual(Array.from({ length: 100 }, () => 1));
  });
});
