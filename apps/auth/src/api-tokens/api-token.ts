import { randomBytes, randomUUID } from 'node:crypto';
import { API_TOKEN_PREFIX, type ApiToken as ApiTokenView, type Scope } from '@taskwire/contracts';
import { hashOf } from '../secret-hash.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Of the token, to tell one from another: the prefix and four of 43 random characters. */
const HINT_LENGTH = API_TOKEN_PREFIX.length + 4;

/** What is stored of an API token: the token itself is known to its holder alone. */
export interface ApiToken {
  readonly id: string;
  readonly accountId: string;
  readonly hash: Uint8Array<ArrayBuffer>;
  readonly name: string;
  readonly hint: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
}

export interface NewApiToken {
  readonly accountId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresInDays: number;
}

export function newApiToken({ expiresInDays, ...token }: NewApiToken, now: Date) {
  const secret = API_TOKEN_PREFIX + randomBytes(32).toString('base64url');
  const stored: ApiToken = {
    ...token,
    id: randomUUID(),
    hash: hashOf(secret),
    hint: secret.slice(0, HINT_LENGTH),
    createdAt: now,
    expiresAt: new Date(now.getTime() + expiresInDays * DAY_MS),
    lastUsedAt: null,
  };
  return { secret, stored };
}

export function apiTokenView({ hash: _, accountId: __, ...token }: ApiToken): ApiTokenView {
  return {
    ...token,
    scopes: [...token.scopes],
    createdAt: token.createdAt.toISOString(),
    expiresAt: token.expiresAt.toISOString(),
    lastUsedAt: token.lastUsedAt?.toISOString() ?? null,
  };
}
