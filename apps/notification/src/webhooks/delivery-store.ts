import type { WebhookDelivery as View, WebhookEvent } from '@taskwire/contracts';
import type { Transaction } from '@taskwire/messaging';
import { unwrap } from '../database.js';
import type { PrismaClient, WebhookDelivery as Row } from '../generated/prisma/client.js';
import type { NewDelivery } from './delivery.js';
import { MOST_WAITING } from './webhook.js';

export interface DeliveryPage {
  readonly state?: View['state'] | undefined;
  readonly before?: string | undefined;
  readonly limit: number;
}

export interface Receiver {
  readonly id: string;
  readonly userId: string;
  readonly events: readonly WebhookEvent[];
}

/** What is sent to webhooks, as their owners see it. */
export class DeliveryStore {
  constructor(private readonly db: PrismaClient) {}

  /** The enabled webhooks of these users. */
  receiversOf(tx: Transaction, userIds: readonly string[]): Promise<Receiver[]> {
    return unwrap(tx).$queryRaw<Receiver[]>`
      SELECT id, user_id AS "userId", events FROM webhooks
      WHERE enabled AND user_id = ANY(${[...new Set(userIds)]}::uuid[])`;
  }

  /** Has deliveries sent, in the order given. Where too many wait already, one is kept as failed. */
  async add(tx: Transaction, deliveries: readonly NewDelivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    const client = unwrap(tx);
    // Also holds the webhooks, so that none is disabled or deleted before the commit.
    const enabled = await client.$queryRaw<{ id: string }[]>`
      UPDATE webhooks SET next_at = least(next_at, greatest(clock_timestamp(), held_until))
      WHERE enabled AND id = ANY(${[...new Set(deliveries.map(({ webhookId }) => webhookId))]}::uuid[])
      RETURNING id`;
    const ids = new Set(enabled.map(({ id }) => id));
    const rows = deliveries
      .filter(({ webhookId }) => ids.has(webhookId))
      .map((delivery, place) => ({ ...delivery, place }));
    await client.$executeRaw`
      INSERT INTO webhook_deliveries (id, webhook_id, type, body, traceparent, state, last_error, ended_at)
      SELECT id, "webhookId", type, body, traceparent,
        CASE WHEN fits THEN 'pending' ELSE 'failed' END,
        CASE WHEN NOT fits THEN 'too_many_waiting' END,
        CASE WHEN NOT fits THEN clock_timestamp() END
      FROM (
        SELECT new.*, coalesce(old.waiting, 0)
          + row_number() OVER (PARTITION BY new."webhookId" ORDER BY place) <= ${MOST_WAITING} AS fits
        FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS new(
          id uuid, "webhookId" uuid, type text, body text, traceparent text, place int)
        LEFT JOIN (
          SELECT webhook_id, count(*)::int AS waiting FROM webhook_deliveries
          WHERE state = 'pending' AND webhook_id = ANY(${[...ids]}::uuid[]) GROUP BY webhook_id
        ) AS old ON old.webhook_id = new."webhookId"
      ) AS placed
      ORDER BY place`;
  }

  /** Newest first, of a webhook that is the caller's. */
  async list(webhookId: string, { state, before, limit }: DeliveryPage): Promise<View[]> {
    const rows = await this.db.webhookDelivery.findMany({
      where: { webhookId, state, id: before === undefined ? undefined : { lt: before } },
      orderBy: { id: 'desc' },
      take: limit,
    });
    return rows.map(view);
  }

  async find(userId: string, id: string): Promise<(View & { rawBody: string }) | null> {
    const row = await this.db.webhookDelivery.findFirst({ where: { id, webhook: { userId } } });
    return row === null ? null : { ...view(row), rawBody: row.body };
  }

  async findWebhook(tx: Transaction, userId: string, id: string): Promise<string | null> {
    const row = await unwrap(tx).webhookDelivery.findFirst({
      where: { id, webhook: { userId } },
      select: { webhookId: true },
    });
    return row?.webhookId ?? null;
  }

  countWaiting(tx: Transaction, webhookId: string): Promise<number> {
    return unwrap(tx).webhookDelivery.count({ where: { webhookId, state: 'pending' } });
  }

  /** Has a delivery sent as soon as can be, with all the tries of a new one. The caller holds its webhook. */
  async hurry(tx: Transaction, id: string): Promise<View> {
    const client = unwrap(tx);
    await client.$executeRaw`
      UPDATE webhook_deliveries SET state = 'pending', urgent = true, tries = 0, due_at = clock_timestamp(), ended_at = NULL
      WHERE id = ${id}::uuid`;
    const row = await client.webhookDelivery.findUniqueOrThrow({ where: { id } });
    await client.$executeRaw`
      UPDATE webhooks SET next_at = clock_timestamp() WHERE id = ${row.webhookId}::uuid`;
    return view(row);
  }

  /** Deletes at most 1,000 deliveries that ended so many days ago; answers how many. */
  forget(days: number): Promise<number> {
    return this.db.$executeRaw`
      DELETE FROM webhook_deliveries WHERE id IN (
        SELECT id FROM webhook_deliveries WHERE ended_at < clock_timestamp() - ${days} * interval '1 day' LIMIT 1000)`;
  }
}

function view({ id, webhookId, type, attempts, lastStatus, lastError, ...row }: Row): View {
  const state = row.state as View['state'];
  return {
    ...{ id, webhookId, type, state, attempts },
    lastAttemptAt: row.lastAttemptAt?.toISOString() ?? null,
    ...{ lastStatus, lastError },
    nextAttemptAt: state === 'pending' ? row.dueAt.toISOString() : null,
    createdAt: row.createdAt.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
  };
}
