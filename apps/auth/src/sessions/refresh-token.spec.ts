import { describe, expect, it } from '@jest/globals';
import { hashOf } from '../secret-hash.js';
import { judge, newRefreshToken, newSalt, successorOf } from './refresh-token.js';

const now = new Date('2026-03-01T08:00:00.000Z');
const later = new Date('2026-03-31T07:59:59.999Z');
const earlier = new Date('2026-02-28T08:00:00.000Z');
const presented = { sessionId: 's', expiresAt: later, usedAt: null, salt: null, sessionEndedAt: null };
const salt = newSalt();
const justNow = new Date(now.getTime() - 9_999);

describe('a refresh token', () => {
  it('is 256 random bits, stored as a hash, for 30 days', () => {
    const token = newRefreshToken(now);
    expect(Buffer.from(token.secret, 'base64url')).toHaveLength(32);
    expect(token.hash).toEqual(hashOf(token.secret));
    expect(token.expiresAt).toEqual(new Date('2026-03-31T08:00:00.000Z'));
    expect(newRefreshToken(now).secret).not.toBe(token.secret);
  });

  it('has one successor for each salt', () => {
    const { secret } = newRefreshToken(now);
    const next = successorOf(secret, salt, now);
    expect(successorOf(secret, salt, later)).toMatchObject({
      secret: next.secret,
      hash: hashOf(next.secret),
    });
    expect(Buffer.from(next.secret, 'base64url')).toHaveLength(32);
    expect(successorOf(secret, newSalt(), now).secret).not.toBe(next.secret);
    expect(successorOf(newRefreshToken(now).secret, salt, now).secret).not.toBe(next.secret);
  });

  it.each([
    ['valid', 'unused and in time', {}],
    ['void', 'expired', { expiresAt: now }],
    ['stolen', 'used before', { usedAt: earlier }],
    ['stolen', 'used before, and expired', { usedAt: earlier, expiresAt: earlier }],
    ['repeated', 'used a moment ago, as the last one', { usedAt: justNow, salt }],
    ['repeated', 'used by an instance whose clock is ahead', { usedAt: later, salt }],
    ['stolen', 'used a moment ago, and its successor too', { usedAt: justNow }],
    ['stolen', 'used longer ago than 10 s', { usedAt: new Date(now.getTime() - 10_000), salt }],
    ['void', 'used a moment ago, of an ended session', { usedAt: justNow, salt, sessionEndedAt: earlier }],
    ['void', 'of an ended session', { sessionEndedAt: earlier }],
    ['void', 'used before, of an ended session', { usedAt: earlier, sessionEndedAt: earlier }],
  ] as const)('is %s when %s', (verdict, _, state) => {
    expect(judge({ ...presented, ...state }, now)).toBe(verdict);
  });
});
