import { Controller, Inject } from '@nestjs/common';
import { UserDeleted } from '@taskwire/contracts';
import { type EventOf, type HandlerContext, HandleEvents } from '@taskwire/messaging';
import type { OutboxStore } from '@taskwire/outbox';
import { OUTBOX_STORE } from '@taskwire/service';
import { TaskStore } from './task-store.js';

/** Removes the tasks of accounts that are gone without a word about each: their followers erase what they know as well. */
@Controller()
export class EraseOwnerHandler {
  constructor(
    @Inject(TaskStore) private readonly store: TaskStore,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  @HandleEvents(UserDeleted)
  async erase(events: readonly EventOf<typeof UserDeleted>[], { tx }: HandlerContext): Promise<void> {
    for (const { id, payload } of events) {
      await this.store.removeAll(tx, payload.userId);
      await this.outbox.erase({ subject: payload.userId, except: [id] });
    }
  }
}
