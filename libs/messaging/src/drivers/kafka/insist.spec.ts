import { describe, expect, it } from '@jest/globals';
import { insist } from './insist.js';

describe('insisting', () => {
  it('repeats until it succeeds', async () => {
    let tries = 0;
    const result = await insist(async () => {
      tries += 1;
      if (tries < 3) throw new Error('not yet');
      return tries;
    }, 10_000);
    expect(result).toBe(3);
  });

  it('ends with the last error when the time is over', async () => {
    let tries = 0;
    const work = async (): Promise<never> => {
      tries += 1;
      throw new Error(`try ${String(tries)}`);
    };
    await expect(insist(work, 200)).rejects.toThrow(/try [2-9]/);
  });

  it('ends at once with an error that is final', async () => {
    let tries = 0;
    const work = async (): Promise<never> => {
      tries += 1;
      throw new Error('final');
    };
    await expect(insist(work, 60_000, () => true)).rejects.toThrow('final');
    expect(tries).toBe(1);
  });
});
