import { randomUUID } from 'node:crypto';
import { type Role, TOKEN_AUDIENCE, TOKEN_ISSUER } from '@taskwire/contracts';
import { SignJWT } from 'jose';
import { ALGORITHM, type SigningKey } from '../keys/signing-keys.js';

export const ACCESS_TOKEN_SECONDS = 600;

export interface Grant {
  readonly accountId: string;
  readonly sessionId: string;
  readonly roles: readonly Role[];
}

/** Signs access tokens (RFC 9068), which every service verifies by itself. */
export class AccessTokens {
  constructor(private readonly key: SigningKey) {}

  issue({ accountId, sessionId, roles }: Grant, now: Date): Promise<string> {
    const seconds = Math.floor(now.getTime() / 1000);
    return new SignJWT({ sid: sessionId, roles: [...roles] })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'at+jwt', kid: this.key.kid })
      .setIssuer(TOKEN_ISSUER)
      .setAudience(TOKEN_AUDIENCE)
      .setSubject(accountId)
      .setJti(randomUUID())
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + ACCESS_TOKEN_SECONDS)
      .sign(this.key.privateKey);
  }
}
