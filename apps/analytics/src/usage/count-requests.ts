import { Controller, Inject } from '@nestjs/common';
import { RequestCompleted } from '@taskwire/contracts';
import { type EventOf, HandleEvents, type HandlerContext } from '@taskwire/messaging';
import { bucketOf } from './histogram.js';
import { type Observation, UsageStore } from './usage-store.js';

type RequestEvent = EventOf<typeof RequestCompleted>;

@Controller()
export class CountRequestsHandler {
  constructor(@Inject(UsageStore) private readonly usage: UsageStore) {}

  @HandleEvents(RequestCompleted)
  async count(events: readonly RequestEvent[], { tx }: HandlerContext): Promise<void> {
    await this.usage.add(tx, events.map(observationOf));
  }
}

/** Only what went wrong on our side counts as an error. */
export function observationOf({ payload }: RequestEvent): Observation {
  const { method, route, status, durationMs, weight, at } = payload;
  return {
    day: at.slice(0, 10),
    route: `${method} ${route}`,
    bucket: bucketOf(durationMs),
    count: weight,
    errors: status >= 500 ? weight : 0,
  };
}
