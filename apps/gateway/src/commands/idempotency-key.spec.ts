import { describe, expect, it } from '@jest/globals';
import { uuidv7 } from '@taskwire/messaging';
import { firstSentAt, idempotencyKey } from './idempotency-key.js';
import { timeOfUuidV7 } from './uuid.js';

describe('idempotencyKey', () => {
  it.each([
    ['order-17', 'order-17'],
    ['"order-17"', 'order-17'],
  ])('takes %p as %p', (header, key) => {
    expect(idempotencyKey(header)).toBe(key);
  });

  it('makes a UUIDv7 when the client sends none', () => {
    expect(timeOfUuidV7(idempotencyKey(undefined))).toBeInstanceOf(Date);
    expect(idempotencyKey(undefined)).not.toBe(idempotencyKey(undefined));
  });

  it.each(['', '""', 'two words', 'ü', 'x'.repeat(256)])('refuses %p', (header) => {
    expect(() => idempotencyKey(header)).toThrow(/Idempotency-Key/);
  });
});

describe('firstSentAt', () => {
  const now = new Date('2026-11-21T10:00:00Z');
  const before = new Date('2026-11-20T10:00:00Z');

  it('is the time in a UUIDv7, so that a late repeat is known as one', () => {
    expect(firstSentAt(uuidv7(before.getTime()), now)).toEqual(before);
  });

  it.each([
    ['another key', 'order-17'],
    ['a UUIDv7 of the future', uuidv7(now.getTime() + 60_000)],
  ])('is now with %s', (_what, key) => {
    expect(firstSentAt(key, now)).toEqual(now);
  });
});
