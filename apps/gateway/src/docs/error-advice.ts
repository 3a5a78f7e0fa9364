import type { ProblemCode } from '@taskwire/contracts';

/** What a client does about each problem. */
export const ADVICE: Record<ProblemCode, string> = {
  bad_request: 'Correct the request; detail says what is wrong. The same request is refused again.',
  validation_failed:
    'Correct the fields that errors lists: pointer is the place in the body, or /query/<name> or /path/<name>.',
  invalid_link: 'Have a new link mailed: each works once, and for a limited time.',
  unauthenticated: 'Get a new access token with POST /v1/auth/refresh, or sign in again.',
  invalid_credentials: 'Ask the user again. It is not said which of the two is wrong.',
  invalid_refresh_token:
    'Sign in again. A refresh token works once; its use by two parties ends the session.',
  invalid_second_factor:
    'Ask for the next code, or a recovery code. A challenge takes five attempts in five minutes: after that, sign in from the start.',
  second_factor_needed:
    'The password or session is right. Ask for a code: at a login, send it with challenge to POST /v1/auth/login/second-factor, or ask a passkey by POST /v1/auth/login/passkey/options; elsewhere, repeat the request with code.',
  forbidden:
    'The account lacks the role, or the API token the scope, that this route needs: detail names it. Ask an administrator, or make another token.',
  not_found: 'It does not exist, was deleted, or belongs to someone else.',
  passkeys_off:
    'Use an authenticator app or a recovery code. For operators: set WEBAUTHN_RP_ID and WEBAUTHN_ORIGINS.',
  method_not_allowed: 'Look up the method of this path in the API reference.',
  request_timeout:
    'Send the whole request within 30 seconds. Nothing was done; repeat it, a write with the same Idempotency-Key.',
  email_taken: 'Sign in instead, or register with another email.',
  already_exists: 'It was made before, probably by an earlier attempt of this request: read it at Location.',
  limit_reached: 'Delete one that you no longer need, or wait until fewer of them wait; detail says which.',
  webhook_disabled: 'Enable the webhook first: PATCH it with enabled true, once its endpoint works.',
  message_ended: 'For operators: discard the dead letter; its sender was told and may send again.',
  already_ended: 'Read the operation: it says how it ended.',
  gone: 'It is older than 7 days. Read the thing itself; to write again, use a new Idempotency-Key.',
  version_conflict: 'Read it again, apply the change to what is there now, and send the new ETag.',
  body_too_large: 'Send at most 1 MiB.',
  unsupported_media_type: 'Send JSON with Content-Type: application/json.',
  idempotency_conflict: 'Use a new Idempotency-Key for a new request; repeat an old one unchanged.',
  if_match_required: 'Read it, and send its ETag as If-Match.',
  rate_limited: 'Wait for as many seconds as Retry-After says.',
  headers_too_large: 'Send fewer or shorter headers; 16 KiB is the limit.',
  internal: 'A fault of ours. Quote the traceId when you report it.',
  failed:
    'A fault of ours, and nothing was changed. Try again with a new Idempotency-Key; quote the traceId if it stays.',
  contract_mismatch:
    'Gateway and service are of versions that do not fit, probably during an update. Try again later with a new Idempotency-Key.',
  unknown_type:
    'The service is older than the gateway, probably during an update. Try again later with a new Idempotency-Key.',
  overloaded:
    'Nothing was done. Repeat the request after Retry-After seconds, a write with the same Idempotency-Key.',
  bus_unavailable:
    'Nothing was done. Repeat the request with the same Idempotency-Key after Retry-After seconds.',
  service_unavailable: 'Repeat the request a little later.',
  timeout: 'Repeat the request a little later; a write only with its Idempotency-Key.',
  outcome_unknown:
    'Read the operation in Location, or repeat the request with the same Idempotency-Key: it is not done twice.',
  expired: 'It did not run and never will. Try again with a new Idempotency-Key.',
  cancelled: 'It did not run and never will. To do it after all, use a new Idempotency-Key.',
};
