import { createHmac, randomBytes } from 'node:crypto';
import { hashOf } from '../secret-hash.js';

export const LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;
/** A client that lost the answer, or asked twice at once, gets the same successor again for so long. */
const GRACE_MS = 10_000;

/** What is stored of a refresh token: the token itself is known to its holder alone. */
export interface StoredRefreshToken {
  readonly hash: Uint8Array<ArrayBuffer>;
  readonly expiresAt: Date;
}

export interface RefreshToken extends StoredRefreshToken {
  readonly secret: string;
}

export function newRefreshToken(now: Date): RefreshToken {
  return tokenOf(randomBytes(32), now);
}

export function newSalt(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(randomBytes(32));
}

/**
 * The token that takes the place of a used one: the same for each who has the used one and its salt, so it need not be
 * stored to be told again. Neither the store alone nor an old token alone leads to it.
 */
export function successorOf(used: string, salt: Uint8Array, now: Date): RefreshToken {
  return tokenOf(createHmac('sha256', salt).update(used).digest(), now);
}

function tokenOf(bytes: Buffer, now: Date): RefreshToken {
  const secret = bytes.toString('base64url');
  return { secret, hash: hashOf(secret), expiresAt: new Date(now.getTime() + LIFETIME_MS) };
}

/** A token that was handed in, as the store knows it. */
export interface PresentedToken {
  readonly sessionId: string;
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
  /** Only of the token that was used last. */
  readonly salt: Uint8Array | null;
  readonly sessionEndedAt: Date | null;
}

/** `repeated`: used a moment ago, and its successor wasn't yet. `stolen`: two holders have it, since it was used before. */
export type Verdict = 'valid' | 'repeated' | 'void' | 'stolen';

export function judge(token: PresentedToken, now: Date): Verdict {
  if (token.sessionEndedAt !== null) return 'void';
  if (token.usedAt !== null) {
    const isRecent = now.getTime() - token.usedAt.getTime() < GRACE_MS;
    return isRecent && token.salt !== null ? 'repeated' : 'stolen';
  }
  return token.expiresAt > now ? 'valid' : 'void';
}
