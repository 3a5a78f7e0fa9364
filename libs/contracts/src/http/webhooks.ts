import { z } from 'zod';
import { TaskCompleted, TaskCreated, TaskDeleted, TaskReopened, TaskUpdated } from '../bus/tasks.js';
import { Instant, Uuid } from '../values.js';
import { PageLimit } from './paging.js';
import { route } from './route.js';

/** The events that a webhook may get; their data is the event's payload. */
export const WebhookEvent = z.enum([
  TaskCreated.type,
  TaskUpdated.type,
  TaskCompleted.type,
  TaskReopened.type,
  TaskDeleted.type,
]);
export type WebhookEvent = z.output<typeof WebhookEvent>;

const WebhookUrl = z
  .url({ protocol: /^https?$/, error: 'must be a URL such as https://example.org/hooks' })
  .max(2_000)
  .refine(hasNoCredentials, 'must not hold a user name or a password')
  .refine(hasNoFragment, 'must not have a fragment')
  .meta({ examples: ['https://example.org/hooks'] });
const Events = z.array(WebhookEvent).min(1).max(20);
const unique = (events: WebhookEvent[]) => [...new Set(events)];

/** An endpoint of a user's. `disabledReason`: why the platform disabled it; null also where the user did. */
export const Webhook = z
  .object({
    id: Uuid,
    url: z.string(),
    events: Events,
    enabled: z.boolean(),
    disabledReason: z.enum(['gone', 'failing']).nullable(),
    /** Grows by one with each change; the ETag. */
    version: z.int().positive(),
    createdAt: Instant,
  })
  .meta({ id: 'Webhook' });
export type Webhook = z.output<typeof Webhook>;

/** The only time that the secret is told. */
export const CreatedWebhook = Webhook.extend({ secret: z.string() }).meta({ id: 'CreatedWebhook' });
export type CreatedWebhook = z.output<typeof CreatedWebhook>;
export const WebhookList = z.object({ webhooks: z.array(Webhook) }).meta({ id: 'WebhookList' });

export const CreateWebhookBody = z
  .strictObject({ url: WebhookUrl, events: Events.transform(unique) })
  .meta({ id: 'CreateWebhook' });
/** Not the URL, which may hold a token of the receiver's: another URL is another webhook. */
export const UpdateWebhookBody = z
  .strictObject({ events: Events.transform(unique).optional(), enabled: z.boolean().optional() })
  .refine((changes) => Object.keys(changes).length > 0, 'names no field to change')
  .meta({ id: 'UpdateWebhook' });

export const WebhookDeliveryState = z.enum(['pending', 'delivered', 'failed']);

/** `lastStatus`: what the endpoint answered; `lastError`: why there was no answer, or no attempt. */
export const WebhookDelivery = z
  .object({
    id: Uuid,
    webhookId: Uuid,
    type: z.string(),
    state: WebhookDeliveryState,
    attempts: z.int().nonnegative(),
    lastAttemptAt: Instant.nullable(),
    lastStatus: z.int().nullable(),
    lastError: z.string().nullable(),
    /** Null once it has ended. */
    nextAttemptAt: Instant.nullable(),
    createdAt: Instant,
    endedAt: Instant.nullable(),
  })
  .meta({ id: 'WebhookDelivery' });
export type WebhookDelivery = z.output<typeof WebhookDelivery>;

/** What is sent. */
export const WebhookBody = z.object({
  type: z.string(),
  timestamp: Instant,
  data: z.record(z.string(), z.unknown()),
});
export const WebhookDeliveryDetail = WebhookDelivery.extend({ body: WebhookBody }).meta({
  id: 'WebhookDeliveryDetail',
});

/** Newest first; `before`: the `nextBefore` of the page before. */
export const ListWebhookDeliveriesQuery = z.strictObject({
  state: WebhookDeliveryState.optional().meta({ description: 'Only deliveries in this state' }),
  before: Uuid.optional().meta({ description: 'Only deliveries older than this one' }),
  limit: PageLimit,
});
export const WebhookDeliveryList = z
  .object({ deliveries: z.array(WebhookDelivery), nextBefore: Uuid.nullable() })
  .meta({ id: 'WebhookDeliveryList' });

const params = z.object({ id: Uuid });
const service = 'notification';

export const webhookRoutes = {
  create: route('POST', '/v1/webhooks', {
    summary: 'Have events of your tasks sent to a URL; the answer tells the signing secret, once',
    service,
    kind: 'secret',
    body: CreateWebhookBody,
    success: { status: 201, body: CreatedWebhook },
    headers: ['Location', 'ETag'],
    problems: ['limit_reached'],
  }),
  list: route('GET', '/v1/webhooks', {
    summary: 'Your webhooks, the oldest first',
    service,
    kind: 'read',
    success: { status: 200, body: WebhookList },
  }),
  get: route('GET', '/v1/webhooks/{id}', {
    summary: 'Read a webhook',
    service,
    kind: 'read',
    params,
    success: { status: 200, body: Webhook },
    problems: ['not_found'],
  }),
  update: route('PATCH', '/v1/webhooks/{id}', {
    summary: 'Change the events of a webhook, disable or enable it',
    service,
    kind: 'command',
    params,
    body: UpdateWebhookBody,
    ifMatch: 'optional',
    success: { status: 200, body: Webhook },
    headers: ['ETag'],
    problems: ['not_found', 'version_conflict'],
  }),
  delete: route('DELETE', '/v1/webhooks/{id}', {
    summary: 'Delete a webhook and its deliveries',
    service,
    kind: 'command',
    params,
    success: { status: 204 },
    problems: ['not_found'],
  }),
  ping: route('POST', '/v1/webhooks/{id}/ping', {
    summary: 'Send a test event, webhook.ping, ahead of what waits',
    service,
    kind: 'command',
    params,
    success: { status: 201, body: WebhookDelivery },
    headers: ['Location'],
    problems: ['not_found', 'webhook_disabled', 'limit_reached'],
  }),
  deliveries: route('GET', '/v1/webhooks/{id}/deliveries', {
    summary: 'What was sent to a webhook, or will be, newest first; kept for 14 days after its end',
    service,
    kind: 'read',
    params,
    query: ListWebhookDeliveriesQuery,
    success: { status: 200, body: WebhookDeliveryList },
    problems: ['not_found'],
  }),
  delivery: route('GET', '/v1/webhooks/deliveries/{id}', {
    summary: 'Read a delivery, with what it sends',
    service,
    kind: 'read',
    params,
    success: { status: 200, body: WebhookDeliveryDetail },
    problems: ['not_found'],
  }),
  resend: route('POST', '/v1/webhooks/deliveries/{id}/resend', {
    summary: 'Send a delivery again, under the same id, ahead of what waits',
    service,
    kind: 'command',
    params,
    success: { status: 200, body: WebhookDelivery },
    problems: ['not_found', 'webhook_disabled', 'limit_reached'],
  }),
} as const;

function hasNoCredentials(url: string): boolean {
  if (!URL.canParse(url)) return true;
  const { username, password } = new URL(url);
  return username === '' && password === '';
}

function hasNoFragment(url: string): boolean {
  return !url.includes('#');
}
