import { LIFETIME_MS } from './refresh-token.js';

/** By whom a session is used: as far as the request told. */
export interface SessionClient {
  readonly address: string;
  readonly userAgent: string | null;
}

/** A sign-in or a refresh. */
export interface Use extends SessionClient {
  readonly at: Date;
}

export interface Session extends SessionClient {
  readonly id: string;
  readonly accountId: string;
  readonly startedAt: Date;
  readonly lastUsedAt: Date;
}

/** So many at a time: one more ends those that were used longest ago. */
export const MOST_SESSIONS = 100;

/** Used before then, a session has no refresh token any more that is valid. */
export function openSince(now: Date): Date {
  return new Date(now.getTime() - LIFETIME_MS);
}
