import { describe, expect, it } from '@jest/globals';
import { shareOut } from './assigner.js';

const both = ['a', 'b'];
const counts = new Map([
  ['a', 4],
  ['b', 4],
]);

describe('the shares of a group by kafkajs', () => {
  it('differ by one at most, over all topics', () => {
    const members = ['1', '2', '3'].map((id) => ({ id, topics: both }));
    const sizes = [...shareOut(members, counts).values()].map((share) => Object.values(share).flat().length);
    expect(sizes.sort()).toEqual([2, 3, 3]);
  });

  it('give every partition to exactly one', () => {
    const members = ['1', '2', '3'].map((id) => ({ id, topics: both }));
    const shares = [...shareOut(members, counts).values()];
    for (const topic of both) {
      expect(shares.flatMap((share) => share[topic] ?? []).sort()).toEqual([0, 1, 2, 3]);
    }
  });

  it('give a topic only to those who read it, also when the leader does not', () => {
    const members = [
      { id: '1', topics: ['a'] },
      { id: '2', topics: both },
    ];
    const shares = shareOut(members, counts);
    expect(shares.get('1')).toEqual({ a: [0, 2] });
    expect(shares.get('2')).toEqual({ a: [1, 3], b: [0, 1, 2, 3] });
  });

  it('are the same whoever computes them', () => {
    const members = ['1', '2', '3'].map((id) => ({ id, topics: both }));
    const sorted = (shares: ReturnType<typeof shareOut>): unknown => Object.fromEntries(shares);
    expect(sorted(shareOut([...members].reverse(), counts))).toEqual(sorted(shareOut(members, counts)));
  });

  it('leave out a topic that nobody reads, and a member without a share', () => {
    const shares = shareOut([{ id: '1', topics: ['a'] }], new Map([['b', 2]]));
    expect(shares.get('1')).toEqual({});
  });
});
