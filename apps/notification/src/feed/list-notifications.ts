import { Controller, Inject } from '@nestjs/common';
import { type ListNotificationsQuery, type NotificationList, notificationRoutes } from '@taskwire/contracts';
import { Caller, Query, Route } from '@taskwire/service';
import type { z } from 'zod';
import { FeedStore } from './feed-store.js';

type Listing = z.output<typeof ListNotificationsQuery>;

@Controller()
export class ListNotificationsReader {
  constructor(@Inject(FeedStore) private readonly feed: FeedStore) {}

  @Route(notificationRoutes.list)
  async list(
    @Query() query: Listing,
    @Caller() { userId }: Caller,
  ): Promise<z.output<typeof NotificationList>> {
    const found = await this.feed.list(userId, { ...query, limit: query.limit + 1 });
    const notifications = found.slice(0, query.limit);
    const last = found.length > query.limit ? notifications.at(-1) : undefined;
    return {
      notifications,
      unread: await this.feed.countUnread(userId),
      nextBefore: last?.number ?? null,
    };
  }
}
