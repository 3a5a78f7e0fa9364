import { Controller, Inject } from '@nestjs/common';
import { ReadNotification } from '@taskwire/contracts';
import {
  type CommandOf,
  type HandlerContext,
  HandleCommand,
  Rejection,
  type ReplyOf,
} from '@taskwire/messaging';
import { FeedStore } from './feed-store.js';

@Controller()
export class ReadNotificationHandler {
  constructor(@Inject(FeedStore) private readonly feed: FeedStore) {}

  @HandleCommand(ReadNotification)
  async read(
    command: CommandOf<typeof ReadNotification>,
    { tx }: HandlerContext,
  ): Promise<ReplyOf<typeof ReadNotification>> {
    const { notificationId, userId } = command.payload;
    if (command.actor !== userId) throw new Rejection('forbidden');
    const notification = await this.feed.markRead(tx, userId, notificationId, new Date());
    if (notification === null) throw new Rejection('not_found');
    return { ...notification, userId };
  }
}
