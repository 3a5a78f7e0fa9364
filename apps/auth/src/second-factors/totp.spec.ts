import { describe, expect, it } from '@jest/globals';
import { generateSync } from 'otplib';
import { newTotpSecret, stepOf } from './totp.js';

const now = new Date('2026-03-01T08:00:10.000Z');
const present = Math.floor(now.getTime() / 30_000);
const { secret, uri } = newTotpSecret('ada@example.com');
const code = (step: number) => generateSync({ secret, epoch: step * 30 });

describe('a code', () => {
  it.each([-1, 0, 1])('of the present step %d counts', (offset) => {
    expect(stepOf(secret, code(present + offset), 0, now)).toBe(present + offset);
  });

  it.each([-2, 2, 100])('of the present step %d does not', (offset) => {
    expect(stepOf(secret, code(present + offset), 0, now)).toBeNull();
  });

  it('counts once, and none before it does afterwards', () => {
    expect(stepOf(secret, code(present), present, now)).toBeNull();
    expect(stepOf(secret, code(present - 1), present, now)).toBeNull();
    expect(stepOf(secret, code(present + 1), present, now)).toBe(present + 1);
  });

  it.each(['', '12345', '1234567', 'abcdef', '１２３４５６'])('is nothing like %p', (text) => {
    expect(stepOf(secret, text, 0, now)).toBeNull();
  });

  it('is that of RFC 6238, whose apps read the URI', () => {
    const rfc = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
    expect(stepOf(rfc, '287082', 0, new Date(59_000))).toBe(1);
    expect(uri).toContain('otpauth://totp/Taskwire:ada%40example.com?');
  });
});
