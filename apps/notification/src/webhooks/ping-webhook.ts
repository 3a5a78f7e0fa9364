import { Controller, Inject } from '@nestjs/common';
import { PingWebhook, type WebhookDelivery } from '@taskwire/contracts';
import { type CommandOf, HandleCommand, type HandlerContext, Rejection } from '@taskwire/messaging';
import { pingOf } from './delivery.js';
import { DeliveryStore } from './delivery-store.js';
import { lockOf } from './lock.js';
import { refuseToSend } from './refuse-to-send.js';
import { WebhookStore } from './webhook-store.js';

type Command = CommandOf<typeof PingWebhook>;

@Controller()
export class PingWebhookHandler {
  constructor(
    @Inject(WebhookStore) private readonly webhooks: WebhookStore,
    @Inject(DeliveryStore) private readonly deliveries: DeliveryStore,
  ) {}

  @HandleCommand(PingWebhook, { locks: (command: Command) => [lockOf(command.payload)] })
  async ping(command: Command, { tx }: HandlerContext): Promise<WebhookDelivery> {
    const { webhookId, userId } = command.payload;
    if (command.actor !== userId) throw new Rejection('forbidden');
    const webhook = await this.webhooks.findForChange(tx, userId, webhookId);
    refuseToSend(webhook, await this.deliveries.countWaiting(tx, webhookId));
    const ping = pingOf(webhookId, command);
    await this.deliveries.add(tx, [ping]);
    return this.deliveries.hurry(tx, ping.id);
  }
}
