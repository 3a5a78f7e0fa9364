import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { AccessTokenClaims } from '@taskwire/contracts';
import { VerifiedTokens } from './verified-tokens.js';

const START = 1_000_000_000;
const claims = (secondsToLive: number): AccessTokenClaims => ({
  ...{ iss: 'taskwire', aud: 'taskwire-api', sub: randomUUID(), sid: randomUUID(), jti: randomUUID() },
  ...{ roles: ['user'], iat: START / 1_000, exp: START / 1_000 + secondsToLive },
});

describe('verified tokens', () => {
  it('are known until they expire', () => {
    let now = START;
    const tokens = new VerifiedTokens(() => now);
    const short = claims(30);
    tokens.add('a', short);
    expect(tokens.get('a')).toBe(short);
    now += 30_000;
    expect(tokens.get('a')).toBeUndefined();
  });

  it('are checked again after a minute, however often they are used', () => {
    let now = START;
    const tokens = new VerifiedTokens(() => now);
    tokens.add('a', claims(600));
    now += 59_000;
    tokens.add('a', claims(600));
    expect(tokens.get('a')).toBeDefined();
    now += 1_000;
    expect(tokens.get('a')).toBeUndefined();
  });

  it('are bounded: the oldest goes first', () => {
    const tokens = new VerifiedTokens(() => START);
    for (let n = 0; n <= 10_000; n += 1) tokens.add(String(n), claims(600));
    expect(tokens.get('0')).toBeUndefined();
    expect(tokens.get('10000')).toBeDefined();
  });
});
