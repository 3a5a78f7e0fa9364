import { z } from 'zod';
import { Instant, Uuid } from '../values.js';
import { Role, StoredName } from './accounts.js';
import { queryInteger } from './query.js';

/** `GET /internal/revocations?after=`: sessions ended since a position; `position` is the next `after`. */
export const RevocationsQuery = z.object({ after: queryInteger(0).default(0) });
export const Revocations = z.object({
  position: z.int(),
  sessions: z.array(z.object({ sessionId: Uuid, endedAt: Instant })),
});
export type Revocations = z.output<typeof Revocations>;

/** `GET /internal/users/{id}/contact`: asked when an email is sent; 404 when the account is gone. */
export const Contact = z.object({ userId: Uuid, email: z.string(), name: StoredName, timeZone: z.string() });
export type Contact = z.output<typeof Contact>;

/** `POST /internal/users/roles`: grants a role to the account with this email. */
export const GrantRoleBody = z.strictObject({ email: z.string(), role: Role });

/** Claims of an access token: RFC 9068 (`typ: at+jwt`) with the session's id. Ten minutes. */
export const AccessTokenClaims = z.object({
  iss: z.string(),
  aud: z.string(),
  sub: Uuid,
  sid: Uuid,
  jti: z.string(),
  roles: z.array(Role),
  iat: z.int(),
  exp: z.int(),
});
export type AccessTokenClaims = z.output<typeof AccessTokenClaims>;
export const TOKEN_ISSUER = 'taskwire';
export const TOKEN_AUDIENCE = 'taskwire-api';
