import { Controller, Inject } from '@nestjs/common';
import { HandleEvents, type HandlerContext } from '@taskwire/messaging';
import { ActivityStore } from './activity-store.js';
import { type ActivityEvent, activityEvents, activityOf } from './activity.js';

/** The inbox lets each event through once, so adding is enough. */
@Controller()
export class CountActivityHandler {
  constructor(@Inject(ActivityStore) private readonly activity: ActivityStore) {}

  @HandleEvents(...activityEvents)
  async count(events: readonly ActivityEvent[], { tx }: HandlerContext): Promise<void> {
    await this.activity.add(tx, events.map(activityOf));
  }
}
