import { Controller, Inject } from '@nestjs/common';
import { DeleteWebhook } from '@taskwire/contracts';
import { type CommandOf, HandleCommand, type HandlerContext, Rejection } from '@taskwire/messaging';
import { lockOf } from './lock.js';
import { WebhookStore } from './webhook-store.js';

type Command = CommandOf<typeof DeleteWebhook>;

@Controller()
export class DeleteWebhookHandler {
  constructor(@Inject(WebhookStore) private readonly webhooks: WebhookStore) {}

  @HandleCommand(DeleteWebhook, { locks: (command: Command) => [lockOf(command.payload)] })
  async delete(command: Command, { tx }: HandlerContext): Promise<{ webhookId: string; userId: string }> {
    const { webhookId, userId } = command.payload;
    if (command.actor !== userId) throw new Rejection('forbidden');
    if (!(await this.webhooks.remove(tx, userId, webhookId))) throw new Rejection('not_found');
    return { webhookId, userId };
  }
}
