import { Controller, Inject } from '@nestjs/common';
import { UserDeleted } from '@taskwire/contracts';
import { type EventOf, type HandlerContext, HandleEvents } from '@taskwire/messaging';
import type { OutboxStore } from '@taskwire/outbox';
import { OUTBOX_STORE } from '@taskwire/service';
import { ActivityStore } from './activity-store.js';

/** What a user did goes; sums over all users, which tell of nobody, stay. */
@Controller()
export class EraseUserHandler {
  constructor(
    @Inject(ActivityStore) private readonly activity: ActivityStore,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  @HandleEvents(UserDeleted)
  async erase(events: readonly EventOf<typeof UserDeleted>[], { tx }: HandlerContext): Promise<void> {
    for (const { id, payload } of events) {
      await this.activity.erase(tx, payload.userId, new Date(payload.at));
      await this.outbox.erase({ subject: payload.userId, except: [id] });
    }
  }
}
