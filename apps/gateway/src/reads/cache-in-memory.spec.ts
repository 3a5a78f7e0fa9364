import { beforeEach, describe, expect, it } from '@jest/globals';
import { CacheInMemory } from './cache-in-memory.js';
import { FORGOTTEN_MS, type KeptAnswer } from './kept-answer.js';

let now: number;
let cache: CacheInMemory;
beforeEach(() => {
  now = 1_000;
  cache = new CacheInMemory(3, () => now);
});

const answer = (version: number, until = 1_000_000): KeptAnswer => ({
  ...{ owner: 'ada', version, headers: {}, body: { version }, until },
});

describe('an answer in memory', () => {
  it('is there until it has to be read again', () => {
    cache.keep('ada', answer(1, 5_000));
    expect(cache.find('ada')?.version).toBe(1);
    now = 5_000;

    expect(cache.find('ada')).toBeUndefined();
  });

  it('gives way to newer ones only', () => {
    expect([cache.keep('ada', answer(2)), cache.keep('ada', answer(1))]).toEqual([true, false]);
    expect(cache.find('ada')?.version).toBe(2);
    cache.keep('ada', answer(3));

    expect(cache.find('ada')?.version).toBe(3);
  });

  it('is void once a newer version is known, also one that was under way meanwhile', () => {
    cache.keep('ada', answer(1));
    cache.forget('ada', 2);
    expect(cache.find('ada')).toBeUndefined();
    expect(cache.keep('ada', answer(1))).toBe(false);
    expect(cache.keep('ada', answer(2))).toBe(true);

    expect(cache.find('ada')?.version).toBe(2);
  });

  it('stays when what is told of is no newer', () => {
    cache.keep('ada', answer(2));
    cache.forget('ada', 2);

    expect(cache.find('ada')?.version).toBe(2);
  });

  it('leaves nothing behind when all of it is void', () => {
    cache.forget('ada', Number.MAX_SAFE_INTEGER);
    now += FORGOTTEN_MS;

    expect(cache.keep('ada', answer(1))).toBe(true);
  });
});

describe('the answers in memory', () => {
  it('are no more than so many: the one not asked for the longest goes', () => {
    for (const key of ['a', 'b', 'c']) cache.keep(key, answer(1));
    cache.find('a');
    cache.keep('d', answer(1));

    expect(['a', 'b', 'c', 'd'].filter((key) => cache.find(key))).toEqual(['a', 'c', 'd']);
  });

  it('go together', () => {
    cache.keep('a', answer(1));
    const { cleared } = cache;
    cache.clear();

    expect(cache.find('a')).toBeUndefined();
    expect(cache.cleared).not.toBe(cleared);
  });
});
