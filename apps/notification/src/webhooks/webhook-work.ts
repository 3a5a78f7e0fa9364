import type { Attempt, DueWork, Fields } from '../due/due-worker.js';
import type { WebhookSending } from './deliver-webhook.js';
import type { DeliveryStore } from './delivery-store.js';
import type { Turn, TurnStore } from './turn-store.js';

const KEPT_DAYS = 14;

/** Endpoints with deliveries that are due: one attempt each at a time. */
export class WebhookWork implements DueWork<Turn> {
  readonly name = 'webhook';

  constructor(
    private readonly turns: TurnStore,
    private readonly deliveries: DeliveryStore,
    private readonly sending: WebhookSending,
  ) {}

  claim(most: number, leaseMs: number): Promise<Turn[]> {
    return this.turns.claim(most, leaseMs);
  }

  async attempt(turn: Turn): Promise<Attempt | null> {
    const delivery = await this.turns.begin(turn);
    if (delivery === null) {
      await this.turns.release(turn);
      return null;
    }
    const { outcome, fault } = await this.sending.attempt(turn, delivery);
    const { id, type, attempts, traceparent } = delivery;
    return {
      outcome,
      fault,
      fields: { deliveryId: id, type, attempts, traceId: traceparent?.split('-')[1] },
    };
  }

  fieldsOf({ webhookId }: Turn): Fields {
    return { webhookId };
  }

  forget(): Promise<number> {
    return this.deliveries.forget(KEPT_DAYS);
  }
}
