import { describe, expect, it } from '@jest/globals';
import { ownersOf } from './shares.js';

const members = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => `member-${String(i + from)}`);
const countsOf = (owners: readonly string[], all: readonly string[]) =>
  all.map((member) => owners.filter((owner) => owner === member).length);

const CASES = [1, 2, 3, 5, 8, 9, 20].flatMap((count) =>
  [1, 3, 8, 24].map((partitions) => ({ count, partitions })),
);

describe('ownersOf', () => {
  it.each(CASES)('shares $partitions partitions between $count within one of each other', (c) => {
    const all = members(c.count);
    const owners = ownersOf('topic', c.partitions, all);
    expect(owners).toHaveLength(c.partitions);
    const counts = countsOf(owners, all);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  });

  it('answers the same to every member, in whatever order it knows them', () => {
    const all = members(7);
    const owners = ownersOf('topic', 24, all);
    expect(ownersOf('topic', 24, [...all].reverse())).toEqual(owners);
    expect(ownersOf('topic', 24, [...all.slice(3), ...all.slice(0, 3)])).toEqual(owners);
  });

  it('shares each topic differently, so that one member does not get the larger share of all', () => {
    const all = members(3);
    const larger = Array.from({ length: 20 }, (_, n) => {
      const counts = countsOf(ownersOf(`topic-${String(n)}`, 8, all), all);
      return counts.indexOf(Math.min(...counts));
    });
    expect(new Set(larger).size).toBe(3);
  });

  it('moves few partitions when a member joins', () => {
    const moved = Array.from({ length: 20 }, (_, n) => {
      const topic = `topic-${String(n)}`;
      const [before, after] = [ownersOf(topic, 24, members(3)), ownersOf(topic, 24, members(4))];
      return before.filter((owner, i) => owner !== after[i]).length;
    });
    const mean = moved.reduce((sum, count) => sum + count, 0) / moved.length;
    // 6 must move; shares made anew would move 18 of 24.
    expect(Math.min(...moved)).toBeGreaterThanOrEqual(6);
    expect(mean).toBeLessThan(12);
  });

  it('moves few partitions when a member leaves', () => {
    const moved = Array.from({ length: 20 }, (_, n) => {
      const topic = `topic-${String(n)}`;
      const [before, after] = [ownersOf(topic, 24, members(4)), ownersOf(topic, 24, members(3, 1))];
      return before.filter((owner, i) => owner !== 'member-0' && owner !== after[i]).length;
    });
    const mean = moved.reduce((sum, count) => sum + count, 0) / moved.length;
    expect(mean).toBeLessThan(8);
  });
});
