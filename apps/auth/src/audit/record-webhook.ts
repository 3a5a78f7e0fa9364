import { Controller, Inject } from '@nestjs/common';
import { context } from '@opentelemetry/api';
import { WebhookCreated } from '@taskwire/contracts';
import { contextOf, type EventOf, type HandlerContext, HandleEvents } from '@taskwire/messaging';
import { AuditTrail } from './audit-trail.js';

/** A new webhook carries all that happens to an account's tasks elsewhere. */
@Controller()
export class RecordWebhookHandler {
  constructor(@Inject(AuditTrail) private readonly audit: AuditTrail) {}

  @HandleEvents(WebhookCreated)
  async record(events: readonly EventOf<typeof WebhookCreated>[], { tx }: HandlerContext): Promise<void> {
    for (const event of events) {
      const { payload, actor, session } = event;
      const who = { actor, subject: payload.userId, session };
      // It may come late: the entry's own time is that of the audit trail.
      const details = { id: payload.webhookId, at: payload.at };
      await context.with(contextOf(event), () =>
        this.audit.record(tx, { action: 'webhook.created', details }, who),
      );
    }
  }
}
