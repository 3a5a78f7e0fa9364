import { Controller, Inject } from '@nestjs/common';
import { UserRegistered } from '@taskwire/contracts';
import { type EventOf, type HandlerContext, HandleEvents } from '@taskwire/messaging';
import { appendToFeed } from '../feed/append-to-feed.js';
import { feedLock } from '../feed/feed-entry.js';
import { FeedStore } from '../feed/feed-store.js';
import { newEmail } from '../mail/email.js';
import { EmailStore } from '../mail/email-store.js';
import { ErasedUsers } from './erased-users.js';

type RegisteredEvent = EventOf<typeof UserRegistered>;

@Controller()
export class WelcomeUserHandler {
  constructor(
    @Inject(FeedStore) private readonly feed: FeedStore,
    @Inject(EmailStore) private readonly emails: EmailStore,
    @Inject(ErasedUsers) private readonly erased: ErasedUsers,
  ) {}

  @HandleEvents(UserRegistered, { locks: (event: RegisteredEvent) => [feedLock(event.payload.userId)] })
  async welcome(events: readonly RegisteredEvent[], context: HandlerContext): Promise<void> {
    const known = await this.erased.without(context.tx, events, ({ payload }) => payload.userId);
    const entries = known.map((cause) => {
      const { userId } = cause.payload;
      return { userId, taskId: null, title: 'Welcome to Taskwire', cause };
    });
    await appendToFeed(this.feed, entries, context);
    await this.emails.add(
      context.tx,
      known.map((cause) => newEmail(cause.payload.userId, { template: 'welcome' }, cause)),
    );
  }
}
