import { randomUUID } from 'node:crypto';
import { ACCESS_TOKEN_SECONDS, type Role, TOKEN_AUDIENCE, TOKEN_ISSUER } from '@taskwire/contracts';
import { SignJWT } from 'jose';
import { ALGORITHM } from '../keys/key-files.js';
import type { SigningKeys } from '../keys/signing-keys.js';

export interface Grant {
  readonly accountId: string;
  readonly sessionId: string;
  readonly roles: readonly Role[];
}

/** Signs access tokens (RFC 9068), which every service verifies by itself. */
export class AccessTokens {
  constructor(private readonly keys: Pick<SigningKeys, 'current'>) {}

  issue({ accountId, sessionId, roles }: Grant, now: Date): Promise<string> {
    const { kid, privateKey } = this.keys.current;
    const seconds = Math.floor(now.getTime() / 1000);
    return new SignJWT({ sid: sessionId, roles: [...roles] })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'at+jwt', kid })
      .setIssuer(TOKEN_ISSUER)
      .setAudience(TOKEN_AUDIENCE)
      .setSubject(accountId)
      .setJti(randomUUID())
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + ACCESS_TOKEN_SECONDS)
      .sign(privateKey);
  }
}
