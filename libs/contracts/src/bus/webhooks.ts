import { command, event } from '@taskwire/messaging';
import { z } from 'zod';
import { WebhookDelivery, WebhookEvent } from '../http/webhooks.js';
import { Instant, Uuid } from '../values.js';

const TOPIC = 'notification.commands.v1';
const byUser = (payload: { userId: string }) => payload.userId;
const Owned = z.object({ webhookId: Uuid, userId: Uuid });

/** The reply has no URL, which may hold a token of the receiver's: the gateway reads the webhook afterwards. */
export const UpdateWebhook = command('notification.webhook.update.v1', {
  topic: TOPIC,
  key: byUser,
  payload: Owned.extend({
    /** The version that the caller saw; null: any. */
    version: z.int().positive().nullable(),
    changes: z.object({
      events: z.array(WebhookEvent).min(1).optional(),
      enabled: z.boolean().optional(),
    }),
  }),
  reply: z.object({ webhookId: Uuid, version: z.int().positive() }),
  rejections: ['not_found', 'version_conflict'],
});

export const DeleteWebhook = command('notification.webhook.delete.v1', {
  topic: TOPIC,
  key: byUser,
  payload: Owned,
  reply: Owned,
  rejections: ['not_found'],
});

export const PingWebhook = command('notification.webhook.ping.v1', {
  topic: TOPIC,
  key: byUser,
  payload: Owned,
  reply: WebhookDelivery,
  rejections: ['not_found', 'webhook_disabled', 'limit_reached'],
});

export const ResendWebhookDelivery = command('notification.webhook.resend.v1', {
  topic: TOPIC,
  key: byUser,
  payload: z.object({ deliveryId: Uuid, userId: Uuid }),
  reply: WebhookDelivery,
  rejections: ['not_found', 'webhook_disabled', 'limit_reached'],
});

/** Without its URL, which may hold a token of the receiver's. */
export const WebhookCreated = event('notification.webhook.created.v1', {
  topic: 'notification.events.v1',
  key: byUser,
  payload: Owned.extend({ at: Instant }),
});
