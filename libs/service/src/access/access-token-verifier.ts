import { AccessTokenClaims, TOKEN_AUDIENCE, TOKEN_ISSUER } from '@taskwire/contracts';
import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { ProblemError } from '../http/problem-error.js';
import { bearerOf } from './bearer.js';
import type { Caller } from './caller.js';
import type { Revocations } from './revocations.js';

/** Seconds by which clocks may differ. */
const TOLERANCE_S = 5;
const JWKS_TIMEOUT_MS = 5_000;
/** An unknown key id makes the keys be read again, at most this often. */
const JWKS_COOLDOWN_MS = 5_000;

/** The keys that auth publishes, cached and read again for an unknown key id. */
export function publishedKeys(authUrl: string): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL('/.well-known/jwks.json', authUrl), {
    timeoutDuration: JWKS_TIMEOUT_MS,
    cooldownDuration: JWKS_COOLDOWN_MS,
  });
}

/** Verifies access tokens (RFC 9068) without asking anybody: by published keys and known revocations. */
export class AccessTokenVerifier {
  constructor(
    private readonly keys: JWTVerifyGetKey,
    private readonly revocations: Pick<Revocations, 'has'>,
  ) {}

  /** Takes an Authorization header. Throws `unauthenticated`, or `service_unavailable` when the keys can't be read. */
  async verify(authorization: string | undefined): Promise<Caller> {
    const token = bearerOf(authorization);
    if (token === undefined) throw unauthenticated('send an access token: Authorization: Bearer <token>');
    const claims = await this.#claimsOf(token);
    if (this.isRevoked(claims.sid)) throw unauthenticated('the session has ended: sign in again');
    return {
      userId: claims.sub,
      sessionId: claims.sid,
      roles: claims.roles,
      expiresAt: new Date(claims.exp * 1000),
      token,
    };
  }

  isRevoked(sessionId: string): boolean {
    return this.revocations.has(sessionId);
  }

  async #claimsOf(token: string): Promise<AccessTokenClaims> {
    try {
      const { payload } = await jwtVerify(token, this.keys, {
        algorithms: ['EdDSA', 'ES256'],
        typ: 'at+jwt',
        issuer: TOKEN_ISSUER,
        audience: TOKEN_AUDIENCE,
        requiredClaims: ['exp', 'iat', 'sub', 'sid', 'jti'],
        clockTolerance: TOLERANCE_S,
      });
      if ((payload.iat ?? 0) > Date.now() / 1000 + TOLERANCE_S)
        throw unauthenticated('the token is from the future');
      return AccessTokenClaims.parse(payload);
    } catch (error) {
      throw problemOfToken(error);
    }
  }
}

function problemOfToken(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof errors.JWTExpired) return unauthenticated('the token has expired: refresh it');
  if (error instanceof errors.JWKSTimeout || isUnreachable(error)) {
    return new ProblemError('service_unavailable', 'the keys of access tokens cannot be read', {
      headers: { 'retry-after': '1' },
      cause: error,
    });
  }
  return unauthenticated('the token is not valid');
}

/** jose answers a JWKS that can't be fetched with its base error or fetch's own. */
function isUnreachable(error: unknown): boolean {
  if (error instanceof TypeError && error.message === 'fetch failed') return true;
  return error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC';
}

function unauthenticated(detail: string): ProblemError {
  return new ProblemError('unauthenticated', detail, { headers: { 'www-authenticate': 'Bearer' } });
}
