import { describe, expect, it } from '@jest/globals';
import { Bounded } from './bounded.js';

describe('bounded work', () => {
  it('runs no more than its limit at once, queues the next and refuses the rest', async () => {
    const bounded = new Bounded({ running: 2, waiting: 1 });
    const started: number[] = [];
    const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
    const runs = gates.map((gate, n) =>
      bounded.run(() => {
        started.push(n);
        return gate.promise;
      }),
    );

    expect(started).toEqual([0, 1]);
    expect(runs[3]).toBeNull();

    gates[1]?.reject(new Error('also a failure makes room'));
    await expect(runs[1]).rejects.toThrow();
    gates[2]?.resolve();
    await runs[2];
    expect(started).toEqual([0, 1, 2]);

    gates[0]?.resolve();
    await runs[0];
  });

  it('never exceeds the limit under a crowd', async () => {
    const bounded = new Bounded({ running: 3, waiting: 100 });
    let now = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++now);
      await new Promise(setImmediate);
      now -= 1;
    };
    await Promise.all(Array.from({ length: 50 }, async () => bounded.run(work)));
    expect(most).toBe(3);
  });
});
