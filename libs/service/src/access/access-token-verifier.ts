import { AccessTokenClaims, TOKEN_AUDIENCE, TOKEN_ISSUER } from '@taskwire/contracts';
import { errors, jwtVerify } from 'jose';
import { ProblemError } from '../http/problem-error.js';
import { bearerOf } from './bearer.js';
import type { Caller } from './caller.js';
import type { PublishedKeys } from './published-keys.js';
import type { Revocations } from './revocations.js';
import { VerifiedTokens } from './verified-tokens.js';

/** Seconds by which clocks may differ. */
const TOLERANCE_S = 5;

/** Verifies access tokens (RFC 9068) without asking anybody: by published keys and known revocations. */
export class AccessTokenVerifier {
  readonly #verified = new VerifiedTokens();

  constructor(
    private readonly keys: Pick<PublishedKeys, 'find'>,
    private readonly revocations: Pick<Revocations, 'has' | 'complete' | 'known'>,
  ) {}

  /**
   * Takes an Authorization header. Throws `unauthenticated`, or `service_unavailable` while the keys can't be read or it
   * isn't known yet which sessions have ended.
   */
  async verify(authorization: string | undefined): Promise<Caller> {
    const token = bearerOf(authorization);
    if (token === undefined) throw unauthenticated('send an access token: Authorization: Bearer <token>');
    const claims = this.#verified.get(token) ?? (await this.#claimsOf(token));
    this.#verified.add(token, claims);
    await this.demandOpen(claims.sid);
    return {
      userId: claims.sub,
      sessionId: claims.sid,
      roles: claims.roles,
      ...(claims.scope !== undefined && { scopes: claims.scope.split(' ') }),
      expiresAt: new Date(claims.exp * 1000),
      token,
    };
  }

  /**
   * Throws `unauthenticated` when the session has ended, or `service_unavailable` while it isn't known yet which have: for what
   * stands in for an access token.
   */
  async demandOpen(sessionId: string): Promise<void> {
    if (!this.revocations.complete) await this.revocations.known();
    if (this.isRevoked(sessionId)) throw unauthenticated('the session has ended: sign in again');
  }

  isRevoked(sessionId: string): boolean {
    return this.revocations.has(sessionId);
  }

  async #claimsOf(token: string): Promise<AccessTokenClaims> {
    try {
      const { payload } = await jwtVerify(token, this.keys.find, {
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
  return unauthenticated('the token is not valid');
}

function unauthenticated(detail: string): ProblemError {
  return new ProblemError('unauthenticated', detail, { headers: { 'www-authenticate': 'Bearer' } });
}
