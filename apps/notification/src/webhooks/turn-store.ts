import type { Prisma, PrismaClient } from '../generated/prisma/client.js';
import { newEmail } from '../mail/email.js';
import { addNotice } from '../mail/email-store.js';
import { giveUpWaiting } from './webhook-store.js';
import { type DeliveryError, type DisabledReason, holdAfter } from './webhook.js';

/** An endpoint that one worker has for one attempt, until the lease runs out. */
export interface Turn {
  readonly webhookId: string;
  readonly url: string;
  readonly sealedSecret: Uint8Array;
  readonly failures: number;
  /** Tells this claim from a later one. */
  readonly turn: number;
}

export interface DueDelivery {
  readonly id: string;
  readonly type: string;
  readonly body: string;
  readonly traceparent: string | null;
  /** This one's number, in all and since it was asked for last. */
  readonly attempts: number;
  readonly tries: number;
}

export interface Failure {
  readonly outcome: 'failed';
  readonly status: number | null;
  readonly error: DeliveryError | null;
  /** Null: it was the last one. */
  readonly retryInMs: number | null;
  /** How long the endpoint asked to be left alone. */
  readonly leaveMs: number;
}

/** How an attempt ended. */
export type Ending =
  | { readonly outcome: 'delivered'; readonly status: number }
  | Failure
  | { readonly outcome: 'gone'; readonly status: number };

/** What workers take and settle. An endpoint has one attempt under way at most, in all instances together. */
export class TurnStore {
  constructor(private readonly db: PrismaClient) {}

  /** Takes the endpoints that wait longest, so that each has its turn however much waits for the others. */
  claim(most: number, leaseMs: number): Promise<Turn[]> {
    return this.db.$queryRaw<Turn[]>`
      WITH free AS MATERIALIZED (
        SELECT id FROM webhooks
        WHERE next_at <= clock_timestamp() AND (leased_until IS NULL OR leased_until <= clock_timestamp())
        ORDER BY next_at LIMIT ${most} FOR UPDATE SKIP LOCKED
      )
      UPDATE webhooks SET turn = turn + 1, leased_until = clock_timestamp() + ${leaseMs} * interval '1 ms'
      FROM free WHERE webhooks.id = free.id
      RETURNING webhooks.id AS "webhookId", url, sealed_secret AS "sealedSecret", failures, turn`;
  }

  /** Begins the next attempt of a turn: counted before it is made, so that one which ends the process counts too. */
  async begin({ webhookId }: Turn): Promise<DueDelivery | null> {
    const [due] = await this.db.$queryRaw<DueDelivery[]>`
      UPDATE webhook_deliveries
      SET attempts = attempts + 1, tries = tries + 1, last_attempt_at = clock_timestamp()
      WHERE id = (
        SELECT id FROM webhook_deliveries
        WHERE webhook_id = ${webhookId}::uuid AND state = 'pending' AND due_at <= clock_timestamp()
        ORDER BY urgent DESC, due_at LIMIT 1)
      RETURNING id, type, body, traceparent, attempts, tries`;
    return due ?? null;
  }

  /** Ends a turn in which nothing was due. */
  release(turn: Turn): Promise<boolean> {
    return this.endTurn(turn, turn.failures, null, () => Promise.resolve());
  }

  /** Settles an attempt and ends its turn; answers false when a later turn has begun meanwhile. */
  settle(turn: Turn, delivery: DueDelivery, ending: Ending): Promise<boolean> {
    const failures = ending.outcome === 'failed' ? turn.failures + 1 : 0;
    const holdMs = ending.outcome === 'failed' ? Math.max(holdAfter(failures), ending.leaveMs) : null;
    return this.endTurn(turn, failures, holdMs, async (tx) => {
      await settleDelivery(tx, delivery, ending);
      if (ending.outcome === 'gone') await disable(tx, turn.webhookId, 'gone');
      if (ending.outcome === 'failed' && ending.retryInMs === null) {
        await this.disableIfDead(tx, turn.webhookId, delivery);
      }
    });
  }

  private endTurn(
    { webhookId, turn }: Turn,
    failures: number,
    holdMs: number | null,
    work: (tx: Prisma.TransactionClient) => Promise<void>,
  ): Promise<boolean> {
    return this.db.$transaction(async (tx) => {
      const ended = await tx.$executeRaw`
        UPDATE webhooks SET leased_until = NULL, failures = ${failures},
          held_until = clock_timestamp() + ${holdMs}::int * interval '1 ms'
        WHERE id = ${webhookId}::uuid AND turn = ${turn}`;
      if (ended === 0) return false;
      await work(tx);
      // After the row is held: whoever adds a delivery from now on comes after this, and says so in the row.
      await tx.$executeRaw`
        UPDATE webhooks SET next_at = (
          SELECT least(min(due_at) FILTER (WHERE urgent), greatest(held_until, min(due_at)))
          FROM webhook_deliveries WHERE webhook_id = webhooks.id AND state = 'pending'
          HAVING count(*) > 0)
        WHERE id = ${webhookId}::uuid`;
      return true;
    });
  }

  /** Nothing has arrived in all the time that a delivery was tried for. */
  private async disableIfDead(tx: Prisma.TransactionClient, webhookId: string, { id }: DueDelivery) {
    const { createdAt } = await tx.webhookDelivery.findUniqueOrThrow({ where: { id } });
    const arrived = await tx.webhookDelivery.findFirst({
      where: { webhookId, state: 'delivered', endedAt: { gt: createdAt } },
      select: { id: true },
    });
    if (arrived === null) await disable(tx, webhookId, 'failing');
  }
}

async function settleDelivery(
  tx: Prisma.TransactionClient,
  { id }: DueDelivery,
  ending: Ending,
): Promise<void> {
  const error = ending.outcome === 'failed' ? ending.error : null;
  if (ending.outcome === 'failed' && ending.retryInMs !== null) {
    await tx.$executeRaw`
      UPDATE webhook_deliveries SET urgent = false, last_status = ${ending.status}, last_error = ${error},
        due_at = clock_timestamp() + ${ending.retryInMs} * interval '1 ms'
      WHERE id = ${id}::uuid AND state = 'pending'`;
    return;
  }
  const state = ending.outcome === 'delivered' ? 'delivered' : 'failed';
  await tx.$executeRaw`
    UPDATE webhook_deliveries SET state = ${state}, last_status = ${ending.status}, last_error = ${error},
      ended_at = clock_timestamp()
    WHERE id = ${id}::uuid AND state = 'pending'`;
}

async function disable(
  tx: Prisma.TransactionClient,
  webhookId: string,
  reason: DisabledReason,
): Promise<void> {
  const [disabled] = await tx.webhook.updateManyAndReturn({
    where: { id: webhookId, enabled: true },
    data: { enabled: false, disabledReason: reason, version: { increment: 1 }, heldUntil: null },
    select: { userId: true, url: true },
  });
  await giveUpWaiting(tx, webhookId);
  if (disabled === undefined) return;
  const { host } = new URL(disabled.url);
  const at = new Date().toISOString();
  await addNotice(tx, newEmail(disabled.userId, { template: 'webhook_disabled', host, reason, at }));
}
