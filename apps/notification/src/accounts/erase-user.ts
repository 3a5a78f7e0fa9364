import { Controller, Inject } from '@nestjs/common';
import { UserDeleted } from '@taskwire/contracts';
import { type EventOf, type HandlerContext, HandleEvents } from '@taskwire/messaging';
import type { OutboxStore } from '@taskwire/outbox';
import { OUTBOX_STORE } from '@taskwire/service';
import { unwrap } from '../database.js';
import { WebhookStore } from '../webhooks/webhook-store.js';
import { ErasedUsers } from './erased-users.js';

@Controller()
export class EraseUserHandler {
  constructor(
    @Inject(ErasedUsers) private readonly erased: ErasedUsers,
    @Inject(WebhookStore) private readonly webhooks: WebhookStore,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  @HandleEvents(UserDeleted)
  async erase(events: readonly EventOf<typeof UserDeleted>[], { tx }: HandlerContext): Promise<void> {
    for (const { id, payload } of events) {
      const { userId, at } = payload;
      await this.erased.add(tx, userId, new Date(at));
      const client = unwrap(tx);
      const where = { userId };
      await client.notification.deleteMany({ where });
      await client.feed.deleteMany({ where });
      await client.preferences.deleteMany({ where });
      await client.reminder.deleteMany({ where });
      await client.email.deleteMany({ where });
      await client.mailboxMessage.deleteMany({ where });
      await this.webhooks.erase(tx, [userId]);
      await this.outbox.erase({ subject: userId, except: [id] });
    }
  }
}
