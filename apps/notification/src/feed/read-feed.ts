import { Controller, Inject, Param, Query } from '@nestjs/common';
import { type Feed, FeedQuery, Uuid } from '@taskwire/contracts';
import { InternalRoute, ProblemError } from '@taskwire/service';
import { FeedStore } from './feed-store.js';

/** What a live client missed; asked by gateways when it resumes. */
@Controller()
export class ReadFeedReader {
  constructor(@Inject(FeedStore) private readonly feed: FeedStore) {}

  @InternalRoute('GET', '/internal/feed/:userId')
  read(@Param('userId') userId: string, @Query() query: unknown): Promise<Feed> {
    const user = Uuid.safeParse(userId);
    const position = FeedQuery.safeParse(query);
    if (!user.success) throw new ProblemError('not_found', 'a feed belongs to a user id');
    if (!position.success)
      throw new ProblemError('bad_request', 'after must be the number of an entry, or 0');
    return this.feed.after(user.data, position.data.after);
  }
}
