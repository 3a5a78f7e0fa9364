import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '@taskwire/service';
import { PasswordHasher } from './password-hasher.js';

const hasher = new PasswordHasher();

describe('passwords', () => {
  it('are kept as argon2id with the cost that OWASP names', async () => {
    const hash = await hasher.hash('secret password');
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await hasher.hash('secret password')).not.toBe(hash);
  });

  it('match themselves alone', async () => {
    const hash = await hasher.hash('pässword');
    expect(await hasher.matches(hash, 'pässword')).toBe(true);
    expect(await hasher.matches(hash, 'passwords')).toBe(false);
    expect(await hasher.matches(null, 'pässword')).toBe(false);
  });

  it('count to their last character, however long they are', async () => {
    for (const long of ['x'.repeat(127), '🔑'.repeat(127)]) {
      const hash = await hasher.hash(`${long}a`);
      expect(await hasher.matches(hash, `${long}a`)).toBe(true);
      expect(await hasher.matches(hash, `${long}b`)).toBe(false);
    }
  });

  it('are outdated when new ones cost more', async () => {
    const cheap = { memoryCost: 9_728, timeCost: 2, parallelism: 1 };
    const [before, now] = [await new PasswordHasher(cheap).hash('secret'), await hasher.hash('secret')];
    expect([before, now].map((hash) => hasher.isOutdated(hash))).toEqual([true, false]);
    expect(new PasswordHasher({ ...cheap, timeCost: 1 }).isOutdated(before)).toBe(false);
    expect(await hasher.matches(before, 'secret')).toBe(true);
  });

  it('are hashed while the event loop turns', async () => {
    let turns = 0;
    const count = () => {
      turns += 1;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    await hasher.hash('secret password');
    clearImmediate(next);
    expect(turns).toBeGreaterThan(10);
  });

  it('take as much work without an account as with one', async () => {
    const hash = await hasher.hash('secret password');
    const fastest = async (known: string | null) => {
      let best = Infinity;
      for (let n = 0; n < 5; n += 1) {
        const before = performance.now();
        await hasher.matches(known, 'a guess');
        best = Math.min(best, performance.now() - before);
      }
      return best;
    };
    expect(await fastest(null)).toBeGreaterThan((await fastest(hash)) / 3);
  });

  it('are refused, not queued without end, when too many come at once', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 110 }, () => hasher.matches(null, 'a guess')),
    );
    const refused = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    expect(refused.length).toBeGreaterThanOrEqual(7);
    expect(refused.length).toBeLessThanOrEqual(9);
    for (const reason of refused) {
      expect(reason).toBeInstanceOf(ProblemError);
      expect(reason).toMatchObject({ code: 'service_unavailable', headers: { 'retry-after': '2' } });
    }
  });
});
