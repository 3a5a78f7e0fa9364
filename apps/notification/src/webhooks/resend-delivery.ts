import { Controller, Inject } from '@nestjs/common';
import { ResendWebhookDelivery, type WebhookDelivery } from '@taskwire/contracts';
import { type CommandOf, HandleCommand, type HandlerContext, Rejection } from '@taskwire/messaging';
import { DeliveryStore } from './delivery-store.js';
import { lockOf } from './lock.js';
import { refuseToSend } from './refuse-to-send.js';
import { WebhookStore } from './webhook-store.js';

type Command = CommandOf<typeof ResendWebhookDelivery>;

@Controller()
export class ResendDeliveryHandler {
  constructor(
    @Inject(WebhookStore) private readonly webhooks: WebhookStore,
    @Inject(DeliveryStore) private readonly deliveries: DeliveryStore,
  ) {}

  @HandleCommand(ResendWebhookDelivery, { locks: (command: Command) => [lockOf(command.payload)] })
  async resend(command: Command, { tx }: HandlerContext): Promise<WebhookDelivery> {
    const { deliveryId, userId } = command.payload;
    if (command.actor !== userId) throw new Rejection('forbidden');
    const webhookId = await this.deliveries.findWebhook(tx, userId, deliveryId);
    if (webhookId === null) throw new Rejection('not_found');
    const webhook = await this.webhooks.findForChange(tx, userId, webhookId);
    refuseToSend(webhook, await this.deliveries.countWaiting(tx, webhookId));
    return this.deliveries.hurry(tx, deliveryId);
  }
}
