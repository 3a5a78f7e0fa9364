import { describe, expect, it } from '@jest/globals';
import { Uuid } from '@taskwire/contracts';
import { uuidv7 } from '@taskwire/messaging';
import { derivedUuid, timeOfUuidV7 } from './uuid.js';

describe('timeOfUuidV7', () => {
  it('finds the time in a UUIDv7', () => {
    expect(timeOfUuidV7(uuidv7(1_800_000_000_123))).toEqual(new Date(1_800_000_000_123));
  });

  it('finds no time in other UUIDs and texts', () => {
    expect(timeOfUuidV7('6f1f6f0e-9d0c-4f7a-8f0e-1f2d3c4b5a69')).toBeUndefined();
    expect(timeOfUuidV7('order-17')).toBeUndefined();
  });
});

describe('derivedUuid', () => {
  it('is the same for the same parts and a UUIDv8', () => {
    expect(derivedUuid('a', 'b')).toBe(derivedUuid('a', 'b'));
    expect(derivedUuid('a', 'b')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab]/);
    expect(Uuid.safeParse(derivedUuid('a', 'b')).success).toBe(true);
  });

  it('tells parts apart wherever they are cut', () => {
    expect(derivedUuid('ab', 'c')).not.toBe(derivedUuid('a', 'bc'));
    expect(derivedUuid('a,b')).not.toBe(derivedUuid('a', 'b'));
  });
});
