import type { Transaction } from '@taskwire/messaging';
import { unwrap } from '../database.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import type { Email, EmailContent } from './email.js';

/** An email that one worker holds until the lease runs out. */
export interface ClaimedEmail extends Email {
  /** This attempt's number, from 1; tells this claim from a later one. */
  readonly attempts: number;
}

/** Of one kind, to one user. */
const MOST_NOTICES_AN_HOUR = 10;

/** How the last attempt ended. */
export type EmailEnding = 'sent' | 'dropped' | 'failed';

export class EmailStore {
  constructor(private readonly db: PrismaClient) {}

  async add(tx: Transaction, emails: readonly Email[]): Promise<void> {
    if (emails.length > 0) await addEmails(unwrap(tx), emails);
  }

  /** One that whoever holds the account's session can bring about: a few an hour of each kind, the rest is not sent. */
  addNotice(tx: Transaction, email: Email): Promise<void> {
    return addNotice(unwrap(tx), email);
  }

  /** Takes due emails for this worker alone. Whatever is not settled by the end of the lease is due again. */
  async claim(most: number, leaseMs: number): Promise<ClaimedEmail[]> {
    const rows = await this.db.$queryRaw<(Omit<ClaimedEmail, 'content'> & { content: EmailContent })[]>`
      WITH due AS MATERIALIZED (
        SELECT id FROM emails WHERE state = 'pending' AND due_at <= clock_timestamp()
        ORDER BY due_at LIMIT ${most} FOR UPDATE SKIP LOCKED
      )
      UPDATE emails SET attempts = attempts + 1, due_at = clock_timestamp() + ${leaseMs} * interval '1 ms'
      FROM due WHERE emails.id = due.id
      RETURNING emails.id, user_id AS "userId", content, traceparent, attempts`;
    return rows;
  }

  /** Settles an attempt, unless a later one has begun meanwhile. */
  async end({ id, attempts }: ClaimedEmail, state: EmailEnding, error: string | null = null): Promise<void> {
    await this.db.$executeRaw`
      UPDATE emails SET state = ${state}, last_error = ${error}, ended_at = clock_timestamp()
      WHERE id = ${id}::uuid AND attempts = ${attempts} AND state = 'pending'`;
  }

  async retryIn({ id, attempts }: ClaimedEmail, delayMs: number, error: string): Promise<void> {
    await this.db.$executeRaw`
      UPDATE emails SET due_at = clock_timestamp() + ${delayMs} * interval '1 ms', last_error = ${error}
      WHERE id = ${id}::uuid AND attempts = ${attempts} AND state = 'pending'`;
  }

  /** Deletes at most 1,000 emails that ended so many days ago; answers how many. */
  async forget(days: number): Promise<number> {
    return this.db.$executeRaw`
      DELETE FROM emails WHERE id IN (
        SELECT id FROM emails WHERE ended_at < clock_timestamp() - ${days} * interval '1 day' LIMIT 1000)`;
  }
}

/** In a transaction that another store has begun. */
async function addEmails(client: Pick<PrismaClient, '$executeRaw'>, emails: readonly Email[]): Promise<void> {
  await client.$executeRaw`
    INSERT INTO emails (id, user_id, content, traceparent)
    SELECT id, "userId", content, traceparent
    FROM jsonb_to_recordset(${JSON.stringify(emails)}::jsonb) AS email(
      id uuid, "userId" uuid, content jsonb, traceparent text)`;
}

/** `EmailStore.addNotice` in a transaction that another store has begun. */
export async function addNotice(
  client: Pick<PrismaClient, '$executeRaw' | '$queryRaw'>,
  email: Email,
): Promise<void> {
  const [{ sent } = { sent: 0 }] = await client.$queryRaw<{ sent: number }[]>`
    SELECT count(*)::int AS sent FROM emails
    WHERE user_id = ${email.userId}::uuid AND content->>'template' = ${email.content.template}
      AND created_at > clock_timestamp() - interval '1 hour'`;
  if (sent < MOST_NOTICES_AN_HOUR) await addEmails(client, [email]);
}
