import { Controller, Inject } from '@nestjs/common';
import { type HandlerContext, HandleEvents } from '@taskwire/messaging';
import { ErasedUsers } from '../accounts/erased-users.js';
import { appendToFeed } from '../feed/append-to-feed.js';
import { feedLock } from '../feed/feed-entry.js';
import { FeedStore } from '../feed/feed-store.js';
import { PreferencesStore } from '../preferences/preferences-store.js';
import { followReminders } from '../reminders/follow-reminders.js';
import { ReminderStore } from '../reminders/reminder-store.js';
import { DeliveryStore } from '../webhooks/delivery-store.js';
import { sendTaskEvents } from '../webhooks/send-task-events.js';
import { subjectOf, type TaskEvent, taskEvents } from './task-event.js';

@Controller()
export class FollowTasksHandler {
  constructor(
    @Inject(FeedStore) private readonly feed: FeedStore,
    @Inject(PreferencesStore) private readonly preferences: PreferencesStore,
    @Inject(ReminderStore) private readonly reminders: ReminderStore,
    @Inject(DeliveryStore) private readonly deliveries: DeliveryStore,
    @Inject(ErasedUsers) private readonly erased: ErasedUsers,
  ) {}

  @HandleEvents(...taskEvents, { locks: (event: TaskEvent) => [feedLock(subjectOf(event).userId)] })
  async follow(events: readonly TaskEvent[], context: HandlerContext): Promise<void> {
    const known = await this.erased.without(context.tx, events, (event) => subjectOf(event).userId);
    const entries = known.map((event) => ({ ...subjectOf(event), cause: event }));
    const preferencesOf = await this.preferences.findMany(
      context.tx,
      entries.map(({ userId }) => userId),
    );
    const wanted = entries.filter(({ userId }) => preferencesOf(userId).taskChanges);
    await appendToFeed(this.feed, wanted, context);
    await followReminders(this.reminders, known, context);
    await sendTaskEvents(this.deliveries, known, context);
  }
}
