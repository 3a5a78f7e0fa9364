import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Instant, Uuid } from '../values.js';
import { queryInteger } from './query.js';

/**
 * One thing that was done in auth. `actor` did it (null: the platform), `subject` is the account that it concerns.
 * `details` is JSON as text, `sealed` what is personal, encrypted (base64), `origin` the same as long as its key exists.
 * `hash` is `auditHash` of the entry and the one before, hexadecimal.
 */
export const AuditEntry = z.object({
  seq: z.int().positive(),
  at: Instant,
  action: z.string(),
  actor: Uuid.nullable(),
  subject: Uuid.nullable(),
  session: Uuid.nullable(),
  traceId: z.string().nullable(),
  details: z.string(),
  sealed: z.string().nullable(),
  hash: z.string(),
  origin: z.object({ address: z.string(), userAgent: z.string().nullable() }).nullable(),
});
export type AuditEntry = z.output<typeof AuditEntry>;

/** `GET /internal/audit`, for operators: oldest first, of one subject or of all. `next` is the next page's `after`. */
export const AuditQuery = z.strictObject({
  after: queryInteger(0).default(0),
  limit: queryInteger(1, 1_000).default(1_000),
  subject: Uuid.optional(),
});
export const AuditPage = z.object({ entries: z.array(AuditEntry), next: z.int().nullable() });
export type AuditPage = z.output<typeof AuditPage>;

/** What the first entry follows. */
export const AUDIT_BEGINNING = '0'.repeat(64);

/** SHA-256 of the hash before and of all that an entry says, in an order that never changes. */
export function auditHash(previous: string, entry: Omit<AuditEntry, 'hash' | 'origin'>): string {
  const { seq, at, action, actor, subject, session, traceId, details, sealed } = entry;
  const said = JSON.stringify([
    previous,
    ...[seq, at, action, actor, subject, session, traceId, details, sealed],
  ]);
  return createHash('sha256').update(said).digest('hex');
}
