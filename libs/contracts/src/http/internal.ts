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
export const Contact = z.object({
  userId: Uuid,
  email: z.string(),
  name: StoredName,
  timeZone: z.string(),
  locale: z.string(),
});
export type Contact = z.output<typeof Contact>;

/** `POST /internal/users/roles`: grants a role to the account with this email. */
export const GrantRoleBody = z.strictObject({ email: z.string(), role: Role });

/**
 * `next` is published and signs from `from` on; `signing` does now; `retiring` is published until its last tokens have
 * expired, at `until` (null: until its file is removed).
 */
const SigningKey = z.object({
  kid: z.string(),
  phase: z.enum(['next', 'signing', 'retiring']),
  from: Instant.nullable(),
  until: Instant.nullable(),
});
/** `GET /internal/keys`, and the answer to a rotation: the keys of access tokens, oldest first. */
export const SigningKeyList = z.object({ keys: z.array(SigningKey) });
export type SigningKeyList = z.output<typeof SigningKeyList>;
/**
 * `POST /internal/keys/rotate`: makes a key that signs in so many seconds. 360 is longer than anybody keeps the published
 * keys without asking again. While there is a `next` one, no other is made.
 */
export const RotateKeysBody = z.strictObject({ afterSeconds: z.int().min(15).max(86_400).default(360) });

/** How long an access token is valid. */
export const ACCESS_TOKEN_SECONDS = 600;
/**
 * Claims of an access token: RFC 9068 (`typ: at+jwt`) with the session's id. One that stands for an API token has its id
 * for a session, and its scopes, separated by blanks; without `scope` it may do all that its user may.
 */
export const AccessTokenClaims = z.object({
  iss: z.string(),
  aud: z.string(),
  sub: Uuid,
  sid: Uuid,
  jti: z.string(),
  roles: z.array(Role),
  scope: z.string().optional(),
  iat: z.int(),
  exp: z.int(),
});
export type AccessTokenClaims = z.output<typeof AccessTokenClaims>;
export const TOKEN_ISSUER = 'taskwire';
export const TOKEN_AUDIENCE = 'taskwire-api';

/** What breaks a promise (`refused`) or weakens one, why, and the setting to change. */
const Finding = z.object({
  level: z.enum(['refused', 'warning']),
  what: z.string(),
  why: z.string(),
  change: z.string(),
});

/**
 * `GET /internal/doctor`, of each service with a store; for who may read dead letters. What is wrong with its broker and
 * its database, their settings and clocks.
 */
export const DoctorReport = z.object({ findings: z.array(Finding) });
export type DoctorReport = z.output<typeof DoctorReport>;

// Under /internal/dead-letters, of each service with a store. Who may call: the role operator by its access token, or the
// platform's internal token.

const Seq = z.string().regex(/^\d{1,19}$/, 'must be a number that a page answered');
const Name = z.string().min(1).max(1_000);
const PageLimit = z.coerce.number().int().min(1).max(500).default(100);

export const ParkedState = z.enum(['retry', 'dead', 'waiting']);
const Ending = z.enum(['done', 'rejected', 'failed', 'expired', 'cancelled']);

/** Which messages. `olderThan`: parked for more than so many seconds. */
const LetterFilter = z.strictObject({
  subscriber: Name.optional(),
  type: Name.optional(),
  key: Name.optional(),
  olderThan: z.coerce.number().min(0).max(10_000_000).optional(),
});

/** `GET /internal/dead-letters` */
export const DeadLettersQuery = LetterFilter.extend({
  state: ParkedState.optional(),
  after: Seq.optional(),
  limit: PageLimit,
});

/** A parked message, without what it says. `ending`: how the inbox says that it ended; it can't be replayed then. */
export const DeadLetter = z.object({
  seq: z.string(),
  subscriber: z.string(),
  id: z.string(),
  topic: z.string(),
  partition: z.int(),
  key: z.string().nullable(),
  type: z.string().nullable(),
  state: ParkedState,
  due: Instant.nullable(),
  attempts: z.int(),
  reason: z.string().nullable(),
  error: z.string().nullable(),
  traceId: z.string().nullable(),
  firstFailedAt: Instant.nullable(),
  lastFailedAt: Instant.nullable(),
  parkedAt: Instant,
  ending: Ending.nullable(),
});
export type DeadLetter = z.output<typeof DeadLetter>;

/** `next` is the next page's `after`. `counts` are of all that the filter finds whatever its state, up to 100,000. */
export const DeadLetterPage = z.object({
  messages: z.array(DeadLetter),
  counts: z.object({ retry: z.int(), dead: z.int(), waiting: z.int() }),
  next: z.string().nullable(),
});
export type DeadLetterPage = z.output<typeof DeadLetterPage>;

/** What a message says: parsed where it is JSON, else as text, else in base64. */
const LetterBody = z.discriminatedUnion('encoding', [
  z.object({ encoding: z.literal('json'), value: z.unknown() }),
  z.object({ encoding: z.enum(['utf8', 'base64']), value: z.string() }),
]);
export type LetterBody = z.output<typeof LetterBody>;

/** `GET /internal/dead-letters/audit`: what operators did, newest first; `originals` adds what was replaced or removed. */
export const LetterActionsQuery = z.strictObject({
  subscriber: Name.optional(),
  id: Name.optional(),
  action: z.enum(['replay', 'discard', 'edit']).optional(),
  actor: Name.optional(),
  before: Seq.optional(),
  limit: PageLimit,
  originals: z.stringbool().default(false),
});
const LetterAction = z.object({
  seq: z.string(),
  action: z.enum(['replay', 'discard', 'edit']),
  subscriber: z.string(),
  messageId: z.string(),
  type: z.string().nullable(),
  actor: z.string(),
  reason: z.string().nullable(),
  hashBefore: z.string(),
  hashAfter: z.string().nullable(),
  traceId: z.string().nullable(),
  at: Instant,
  original: z.object({ headers: z.record(z.string(), z.string()), body: LetterBody }).nullable(),
});
export const LetterActionPage = z.object({ actions: z.array(LetterAction), next: z.string().nullable() });
export type LetterActionPage = z.output<typeof LetterActionPage>;

/** `GET /internal/dead-letters/message`: all there is of one. `lane`: what runs before and behind it, on its key. */
export const DeadLetterQuery = z.strictObject({ subscriber: Name, id: Name });
export const DeadLetterDetail = DeadLetter.extend({
  headers: z.record(z.string(), z.string()),
  body: LetterBody,
  bodyHash: z.string(),
  lane: z
    .object({
      ahead: z.int(),
      behind: z.int(),
      next: z.array(DeadLetter.pick({ id: true, type: true, state: true, parkedAt: true })),
    })
    .nullable(),
  actions: z.array(LetterAction),
});
export type DeadLetterDetail = z.output<typeof DeadLetterDetail>;

const Reason = z.string().trim().min(1).max(1_000);

/** `POST /internal/dead-letters/replay`: one message, or the dead ones that the filter finds. */
export const ReplayLettersBody = LetterFilter.extend({
  dryRun: z.boolean(),
  id: Name.optional(),
  after: Seq.optional(),
  limit: PageLimit,
  perSecond: z.number().min(0.01).optional(),
  reason: Reason.optional(),
}).refine(({ id, subscriber }) => id === undefined || subscriber !== undefined, {
  path: ['subscriber'],
  message: 'is needed with an id',
});

/** In the order in which they fall due, `afterMs` from now. `waitingBehind` run next, at no rate. */
export const ReplayedLetters = z.object({
  applied: z.boolean(),
  steps: z.array(
    DeadLetter.pick({
      subscriber: true,
      id: true,
      topic: true,
      key: true,
      type: true,
      state: true,
      ending: true,
    }).extend({
      verdict: z.enum(['runs', 'no-effect', 'ended', 'not-dead']),
      afterMs: z.int().nullable(),
      waitingBehind: z.int(),
    }),
  ),
  next: z.string().nullable(),
});
export type ReplayedLetters = z.output<typeof ReplayedLetters>;

/** `POST /internal/dead-letters/discard` */
export const DiscardLetterBody = z.strictObject({ subscriber: Name, id: Name, reason: Reason });
export const DiscardedLetter = z.object({ discarded: z.literal(true) });

/**
 * `POST /internal/dead-letters/edit`: `bodyHash` as it was read, else 412; `type` where the message has none that its
 * subscriber handles.
 */
export const EditLetterBody = z.strictObject({
  subscriber: Name,
  id: Name,
  payload: z.unknown(),
  type: Name.optional(),
  bodyHash: z.string().optional(),
  reason: Reason.optional(),
});
export const EditedLetter = z.object({ bodyHash: z.string() });
