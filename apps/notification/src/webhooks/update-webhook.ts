import { Controller, Inject } from '@nestjs/common';
import { UpdateWebhook } from '@taskwire/contracts';
import { type CommandOf, HandleCommand, type HandlerContext, Rejection } from '@taskwire/messaging';
import { lockOf } from './lock.js';
import { WebhookStore } from './webhook-store.js';

type Command = CommandOf<typeof UpdateWebhook>;

@Controller()
export class UpdateWebhookHandler {
  constructor(@Inject(WebhookStore) private readonly webhooks: WebhookStore) {}

  @HandleCommand(UpdateWebhook, { locks: (command: Command) => [lockOf(command.payload)] })
  async update(command: Command, { tx }: HandlerContext): Promise<{ webhookId: string; version: number }> {
    const { webhookId, userId, version, changes } = command.payload;
    if (command.actor !== userId) throw new Rejection('forbidden');
    const webhook = await this.webhooks.findForChange(tx, userId, webhookId);
    if (webhook === null) throw new Rejection('not_found');
    if (version !== null && version !== webhook.version) throw new Rejection('version_conflict');
    return { webhookId, version: await this.webhooks.change(tx, webhookId, changes) };
  }
}
