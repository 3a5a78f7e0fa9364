import { propagation } from '@opentelemetry/api';
import { WebhookBody } from '@taskwire/contracts';
import { contextOf, type ReceivedMessage, uuidv7 } from '@taskwire/messaging';

/** An event on its way to one endpoint. Its id is the header webhook-id. */
export interface NewDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly type: string;
  readonly body: string;
  /** W3C trace context of what caused it. */
  readonly traceparent: string | null;
}

export function deliveryOf(webhookId: string, cause: ReceivedMessage): NewDelivery {
  return newDelivery(webhookId, cause.type, cause.payload, cause);
}

const PING = 'webhook.ping';

export function pingOf(webhookId: string, cause: ReceivedMessage): NewDelivery {
  return newDelivery(webhookId, PING, { webhookId }, cause);
}

function newDelivery(webhookId: string, type: string, data: unknown, cause: ReceivedMessage): NewDelivery {
  const carrier: { traceparent?: string } = {};
  propagation.inject(contextOf(cause), carrier);
  const body = JSON.stringify({ type, timestamp: cause.firstSentAt.toISOString(), data });
  return { id: uuidv7(), webhookId, type, body, traceparent: carrier.traceparent ?? null };
}

export function parseBody(body: string) {
  return WebhookBody.parse(JSON.parse(body));
}
