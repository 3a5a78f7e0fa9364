import { Controller, Inject } from '@nestjs/common';
import {
  type ListWebhookDeliveriesQuery,
  type WebhookDeliveryDetail,
  type WebhookDeliveryList,
  webhookRoutes,
} from '@taskwire/contracts';
import { Caller, Params, ProblemError, Query, Route } from '@taskwire/service';
import type { z } from 'zod';
import { parseBody } from './delivery.js';
import { DeliveryStore } from './delivery-store.js';
import { WebhookStore } from './webhook-store.js';

@Controller()
export class DeliveriesReader {
  constructor(
    @Inject(WebhookStore) private readonly webhooks: WebhookStore,
    @Inject(DeliveryStore) private readonly deliveries: DeliveryStore,
  ) {}

  @Route(webhookRoutes.deliveries)
  async list(
    @Params() { id }: { id: string },
    @Query() query: z.output<typeof ListWebhookDeliveriesQuery>,
    @Caller() { userId }: Caller,
  ): Promise<z.output<typeof WebhookDeliveryList>> {
    const webhook = await this.webhooks.find(userId, id);
    if (webhook === null) throw new ProblemError('not_found', `there is no webhook ${id} of yours`);
    const found = await this.deliveries.list(id, { ...query, limit: query.limit + 1 });
    const deliveries = found.slice(0, query.limit);
    const last = found.length > query.limit ? deliveries.at(-1) : undefined;
    return { deliveries, nextBefore: last?.id ?? null };
  }

  @Route(webhookRoutes.delivery)
  async get(
    @Params() { id }: { id: string },
    @Caller() { userId }: Caller,
  ): Promise<z.output<typeof WebhookDeliveryDetail>> {
    const delivery = await this.deliveries.find(userId, id);
    if (delivery === null) throw new ProblemError('not_found', `there is no delivery ${id} of yours`);
    const { rawBody, ...view } = delivery;
    return { ...view, body: parseBody(rawBody) };
  }
}
