import { z } from 'zod';

/** Every problem that the API answers: its HTTP status and title. `type` is `/docs/errors/<code>`. */
export const PROBLEMS = {
  bad_request: { status: 400, title: 'The request is malformed' },
  validation_failed: { status: 400, title: 'The request is not as the contract says' },
  invalid_link: { status: 400, title: 'The token of this link is unknown, used or expired' },
  unauthenticated: { status: 401, title: 'No valid access token' },
  invalid_credentials: { status: 401, title: 'Email or password is wrong' },
  invalid_refresh_token: { status: 401, title: 'The refresh token is unknown, used or expired' },
  invalid_second_factor: { status: 401, title: 'The challenge or the code is wrong, used or expired' },
  second_factor_needed: { status: 403, title: 'A code of the second factor is needed' },
  forbidden: { status: 403, title: 'Not allowed for this account' },
  not_found: { status: 404, title: 'Not found' },
  passkeys_off: { status: 404, title: 'Passkeys are not set up here' },
  method_not_allowed: { status: 405, title: 'This path has no such method' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  email_taken: { status: 409, title: 'An account with this email exists' },
  already_exists: { status: 409, title: 'It exists already' },
  limit_reached: { status: 409, title: 'There are as many of them as there may be' },
  webhook_disabled: { status: 409, title: 'The webhook is disabled' },
  already_ended: { status: 409, title: 'The operation has ended and cannot be cancelled' },
  message_ended: { status: 409, title: 'The message has ended: it can be discarded, nothing else' },
  gone: { status: 410, title: 'No longer known' },
  version_conflict: { status: 412, title: 'It was changed since it was read' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body must be application/json' },
  idempotency_conflict: { status: 422, title: 'The Idempotency-Key was used for another request' },
  if_match_required: { status: 428, title: 'If-Match with the ETag that was read is needed' },
  rate_limited: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'An unexpected error' },
  failed: { status: 500, title: 'The command failed; repeat it with a new Idempotency-Key' },
  contract_mismatch: { status: 500, title: 'The service does not understand this command' },
  unknown_type: { status: 501, title: 'The service does not know this command' },
  overloaded: { status: 503, title: 'Too many requests are under way; nothing was done' },
  bus_unavailable: { status: 503, title: 'The message bus is not reachable; nothing was done' },
  service_unavailable: { status: 503, title: 'A service is not reachable' },
  timeout: { status: 504, title: 'A service did not answer in time' },
  outcome_unknown: { status: 504, title: 'It is not known whether the command was taken' },
  expired: { status: 504, title: 'The command expired before it ran; repeat it with a new Idempotency-Key' },
  cancelled: { status: 409, title: 'The command was cancelled before it ran' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/**
 * RFC 9457. `errors` only with `validation_failed`: where (RFC 6901 pointer into the body, or `/query/x`) and what.
 * `challenge` only with `second_factor_needed` of a login.
 */
export const ProblemBody = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string().optional(),
    traceId: z.string(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
    challenge: z.string().optional(),
  })
  .meta({ id: 'Problem' });
export type ProblemBody = z.output<typeof ProblemBody>;
