import { describe, expect, it } from '@jest/globals';
import { newSealKey, seal, unseal } from './seal.js';

const value = { address: '192.0.2.7', userAgent: 'Füchsin/1.0' };

describe('what is sealed', () => {
  it('comes back with its key, and never looks the same twice', () => {
    const key = newSealKey();
    const sealed = seal(key, value);
    expect(unseal(key, sealed)).toEqual(value);
    expect(Buffer.from(sealed).equals(seal(key, value))).toBe(false);
  });

  it('is lost without it, and when it was changed', () => {
    const key = newSealKey();
    const sealed = seal(key, value);
    expect(() => unseal(newSealKey(), sealed)).toThrow();
    for (const at of [0, 15, sealed.length - 1]) {
      const changed = sealed.map((byte, index) => (index === at ? byte ^ 1 : byte));
      expect(() => unseal(key, changed)).toThrow();
    }
  });
});
