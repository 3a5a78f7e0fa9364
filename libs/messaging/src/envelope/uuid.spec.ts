import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { uuidv7 } from './uuid.js';

describe('uuidv7', () => {
  it('is a UUID of version 7 that grows with time', () => {
    expect(z.uuidv7().safeParse(uuidv7()).success).toBe(true);
    const ids = [3, 1, 2].map((minute) => uuidv7(minute * 60_000));
    expect([...ids].sort()).toEqual([ids[1], ids[2], ids[0]]);
  });

  it('differs within one millisecond', () => {
    expect(new Set(Array.from({ length: 100 }, () => uuidv7(0))).size).toBe(100);
  });
});
