import type { Webhook as View, WebhookEvent } from '@taskwire/contracts';
import type { Transaction } from '@taskwire/messaging';
import { unwrap } from '../database.js';
import type { PrismaClient, Webhook as Row } from '../generated/prisma/client.js';
import { MOST_WEBHOOKS } from './webhook.js';

export interface NewWebhook {
  readonly id: string;
  readonly userId: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly sealedSecret: Uint8Array<ArrayBuffer>;
}

export interface WebhookChanges {
  readonly events?: readonly WebhookEvent[] | undefined;
  readonly enabled?: boolean | undefined;
}

/** The webhooks of users, without their secrets. */
export class WebhookStore {
  constructor(private readonly db: PrismaClient) {}

  /** Null when the user has as many as one may have. */
  async add(tx: Transaction, { events, ...webhook }: NewWebhook): Promise<View | null> {
    const client = unwrap(tx);
    // Two at once would both count one too few.
    await client.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`webhooks/${webhook.userId}`}, 0))`;
    if ((await client.webhook.count({ where: { userId: webhook.userId } })) >= MOST_WEBHOOKS) return null;
    return view(await client.webhook.create({ data: { ...webhook, events: [...events] } }));
  }

  /** The oldest first. */
  async list(userId: string): Promise<View[]> {
    const rows = await this.db.webhook.findMany({ where: { userId }, orderBy: { createdAt: 'asc' } });
    return rows.map(view);
  }

  async find(userId: string, id: string): Promise<View | null> {
    const row = await this.db.webhook.findFirst({ where: { id, userId } });
    return row === null ? null : view(row);
  }

  /** Holds the webhook until the end of the transaction; null when it isn't this user's. */
  async findForChange(tx: Transaction, userId: string, id: string): Promise<View | null> {
    await unwrap(tx).$executeRaw`
      SELECT 1 FROM webhooks WHERE id = ${id}::uuid AND user_id = ${userId}::uuid FOR UPDATE`;
    const row = await unwrap(tx).webhook.findFirst({ where: { id, userId } });
    return row === null ? null : view(row);
  }

  /** What waits for a webhook that gets disabled is not sent any more. Answers the new version. */
  async change(tx: Transaction, id: string, { events, enabled }: WebhookChanges): Promise<number> {
    const client = unwrap(tx);
    const { version } = await client.webhook.update({
      where: { id },
      data: {
        version: { increment: 1 },
        ...(events && { events: [...events] }),
        ...(enabled !== undefined && { enabled, disabledReason: null, failures: 0, heldUntil: null }),
        ...(enabled === false && { nextAt: null }),
      },
    });
    if (enabled === false) await giveUpWaiting(client, id);
    return version;
  }

  /** With its deliveries. */
  async remove(tx: Transaction, userId: string, id: string): Promise<boolean> {
    const { count } = await unwrap(tx).webhook.deleteMany({ where: { id, userId } });
    return count > 0;
  }

  /** All that there is of these users, for when their accounts are deleted. */
  async erase(tx: Transaction, userIds: readonly string[]): Promise<void> {
    await unwrap(tx).$executeRaw`DELETE FROM webhooks WHERE user_id = ANY(${[...userIds]}::uuid[])`;
  }
}

/** Ends what waits for a webhook that was disabled; its owner may have it sent again. */
export async function giveUpWaiting(
  client: Pick<PrismaClient, '$executeRaw'>,
  webhookId: string,
): Promise<void> {
  await client.$executeRaw`
    UPDATE webhook_deliveries SET state = 'failed', last_error = 'webhook_disabled', ended_at = clock_timestamp()
    WHERE webhook_id = ${webhookId}::uuid AND state = 'pending'`;
}

function view({ id, url, events, enabled, disabledReason, version, createdAt }: Row): View {
  return {
    ...{ id, url, events, enabled, version },
    disabledReason: disabledReason as View['disabledReason'],
    createdAt: createdAt.toISOString(),
  };
}
