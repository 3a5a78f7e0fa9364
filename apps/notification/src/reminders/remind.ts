import { Controller, Inject } from '@nestjs/common';
import { ReminderDue } from '@taskwire/contracts';
import { type EventOf, type HandlerContext, HandleEvents } from '@taskwire/messaging';
import { appendToFeed } from '../feed/append-to-feed.js';
import { feedLock } from '../feed/feed-entry.js';
import { FeedStore } from '../feed/feed-store.js';
import { newEmail } from '../mail/email.js';
import { EmailStore } from '../mail/email-store.js';
import { PreferencesStore } from '../preferences/preferences-store.js';
import { applies, type Reminder } from './reminder.js';
import { ReminderStore } from './reminder-store.js';

type DueEvent = EventOf<typeof ReminderDue>;

/** Reminds of a task when its time has come, unless the task was done, deleted or moved meanwhile. */
@Controller()
export class RemindHandler {
  constructor(
    @Inject(ReminderStore) private readonly reminders: ReminderStore,
    @Inject(FeedStore) private readonly feed: FeedStore,
    @Inject(PreferencesStore) private readonly preferences: PreferencesStore,
    @Inject(EmailStore) private readonly emails: EmailStore,
  ) {}

  @HandleEvents(ReminderDue, { locks: (event: DueEvent) => [feedLock(event.payload.userId)] })
  async remind(events: readonly DueEvent[], context: HandlerContext): Promise<void> {
    const standing = await this.standing(events, context);
    if (standing.length === 0) return;
    const preferencesOf = await this.preferences.findMany(
      context.tx,
      standing.map(({ userId }) => userId),
    );
    const mailed = standing.filter(({ userId }) => preferencesOf(userId).emailReminders);

    await this.reminders.save(
      context.tx,
      standing.map(({ cause: _, ...reminder }) => ({ ...reminder, doneFor: reminder.remindAt })),
    );
    await appendToFeed(this.feed, standing, context);
    await this.emails.add(
      context.tx,
      mailed.map(({ userId, title, cause }) =>
        newEmail(userId, { template: 'reminder', title, remindAt: cause.payload.remindAt }, cause),
      ),
    );
  }

  /** The reminders that still stand for the time that has come, each once. */
  private async standing(
    events: readonly DueEvent[],
    { tx }: HandlerContext,
  ): Promise<(Reminder & { cause: DueEvent })[]> {
    const known = await this.reminders.findMany(
      tx,
      events.map((event) => event.payload.taskId),
    );
    return events.flatMap((cause) => {
      const reminder = known.get(cause.payload.taskId);
      if (!applies(reminder, new Date(cause.payload.remindAt))) return [];
      known.delete(reminder.taskId);
      return [{ ...reminder, cause }];
    });
  }
}
