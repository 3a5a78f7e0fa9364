import { Controller, Inject } from '@nestjs/common';
import { WebhookCreated } from '@taskwire/contracts';
import { type EventOf, type HandlerContext, HandleEvents } from '@taskwire/messaging';
import { AuditTrail } from './audit-trail.js';

/** A new webhook carries all that happens to an account's tasks elsewhere. */
@Controller()
export class RecordWebhookHandler {
  constructor(@Inject(AuditTrail) private readonly audit: AuditTrail) {}

  @HandleEvents(WebhookCreated)
  async record(events: readonly EventOf<typeof WebhookCreated>[], { tx }: HandlerContext): Promise<void> {
    for (const { payload, actor, session } of events) {
      const who = { actor, subject: payload.userId, session };
      await this.audit.record(tx, { action: 'webhook.created', details: { id: payload.webhookId } }, who);
    }
  }
}
