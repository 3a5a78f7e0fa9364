import type { ServiceContext } from '@taskwire/service';
import type { NotificationConfig } from '../config.js';
import { DueWorker } from '../due/due-worker.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import { WebhookSending } from './deliver-webhook.js';
import { DeliveryStore } from './delivery-store.js';
import { post } from './post.js';
import { resolveByDns, resolveLocally } from './resolve.js';
import type { SecretSeal } from './seal.js';
import { WebhookTargets } from './targets.js';
import { type Turn, TurnStore } from './turn-store.js';
import { WebhookWork } from './webhook-work.js';

const ATTEMPT_MS = 15_000;
/** So long an endpoint is left alone when the process dies that delivers to it. */
const LEASE_MS = ATTEMPT_MS + 5_000;

/** Where webhooks may go, by the settings. */
export function webhookTargets({ config, log }: Pick<ServiceContext<NotificationConfig>, 'config' | 'log'>) {
  const { WEBHOOK_TARGETS: allowed, NODE_ENV } = config;
  if (allowed === 'any' && NODE_ENV === 'production') {
    log.warn('webhooks may reach inner addresses: WEBHOOK_TARGETS=any is for development');
  }
  return new WebhookTargets(allowed, allowed === 'any' ? resolveLocally : resolveByDns);
}

/** The worker that delivers to webhooks. */
export function webhookWorker(
  { config, db, log }: ServiceContext<NotificationConfig, PrismaClient>,
  targets: WebhookTargets,
  seal: SecretSeal,
): DueWorker<Turn> {
  const turns = new TurnStore(db);
  const sending = new WebhookSending(turns, seal, (url, headers, body) =>
    post(targets, url, headers, body, ATTEMPT_MS),
  );
  return new DueWorker(
    new WebhookWork(turns, new DeliveryStore(db), sending),
    (level, message, fields) => log[level](fields, message),
    { concurrency: config.WEBHOOK_CONCURRENCY, leaseMs: LEASE_MS },
  );
}
