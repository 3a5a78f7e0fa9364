import { createHash, randomBytes } from 'node:crypto';

const LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;

/** What is stored of a refresh token: the token itself is known to its holder alone. */
export interface StoredRefreshToken {
  readonly hash: Uint8Array<ArrayBuffer>;
  readonly expiresAt: Date;
}

export interface RefreshToken extends StoredRefreshToken {
  readonly secret: string;
}

export function newRefreshToken(now: Date): RefreshToken {
  const secret = randomBytes(32).toString('base64url');
  return { secret, hash: hashOf(secret), expiresAt: new Date(now.getTime() + LIFETIME_MS) };
}

/** 256 random bits need no slow hash. */
export function hashOf(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(secret).digest());
}

/** A token that was handed in, as the store knows it. */
export interface PresentedToken {
  readonly sessionId: string;
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
  readonly sessionEndedAt: Date | null;
}

/** `stolen`: two holders have it, since it was used before. */
export function judge(token: PresentedToken, now: Date): 'valid' | 'void' | 'stolen' {
  if (token.sessionEndedAt !== null) return 'void';
  if (token.usedAt !== null) return 'stolen';
  return token.expiresAt > now ? 'valid' : 'void';
}
