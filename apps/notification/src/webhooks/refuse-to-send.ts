import type { Webhook } from '@taskwire/contracts';
import { Rejection } from '@taskwire/messaging';
import { MOST_WAITING } from './webhook.js';

/** Refuses what a user asks to be sent to a webhook that is gone, disabled or has too much to do. */
export function refuseToSend(webhook: Webhook | null, waiting: number): void {
  if (webhook === null) throw new Rejection('not_found');
  if (!webhook.enabled) throw new Rejection('webhook_disabled');
  if (waiting >= MOST_WAITING) {
    throw new Rejection('limit_reached', `${MOST_WAITING} deliveries wait for this webhook`);
  }
}
