import { randomUUID } from 'node:crypto';
import {
  ACCESS_TOKEN_SECONDS,
  type Role,
  type Scope,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
} from '@taskwire/contracts';
import { SignJWT } from 'jose';
import { ALGORITHM } from '../keys/key-files.js';
import type { SigningKeys } from '../keys/signing-keys.js';

export interface Grant {
  readonly accountId: string;
  readonly sessionId: string;
  readonly roles: readonly Role[];
  /** Of an API token: all that it may do. */
  readonly scopes?: readonly Scope[];
  /** Not valid for longer than until then. */
  readonly until?: Date;
}

/** Signs access tokens (RFC 9068), which every service verifies by itself. */
export class AccessTokens {
  constructor(private readonly keys: Pick<SigningKeys, 'current'>) {}

  issue({ accountId, sessionId, roles, scopes, until }: Grant, now: Date): Promise<string> {
    const { kid, privateKey } = this.keys.current;
    const seconds = Math.floor(now.getTime() / 1000);
    const expiry = seconds + ACCESS_TOKEN_SECONDS;
    const end = until === undefined ? expiry : Math.min(expiry, Math.floor(until.getTime() / 1000));
    const scope = scopes && { scope: scopes.join(' ') };
    return new SignJWT({ sid: sessionId, roles: [...roles], ...scope })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'at+jwt', kid })
      .setIssuer(TOKEN_ISSUER)
      .setAudience(TOKEN_AUDIENCE)
      .setSubject(accountId)
      .setJti(randomUUID())
      .setIssuedAt(seconds)
      .setExpirationTime(end)
      .sign(privateKey);
  }
}
