import type { GroupSubscription } from '../contract/subscription.js';
import type { Driver } from '../driver.js';
import type { Log } from '../log.js';
import type { Registry } from '../registry/registry.js';
import type { MessageStore } from '../store.js';
import type { Instruments } from '../telemetry.js';
import type { Breaker } from './breaker.js';

/** What the pipeline of one subscription works with. */
export interface PipelineParts {
  readonly driver: Pick<Driver, 'name' | 'reply'>;
  readonly subscription: GroupSubscription;
  readonly registry: Registry;
  readonly store: MessageStore;
  readonly breaker: Breaker;
  readonly instruments: Instruments;
  readonly log: Log;
  /** A message was parked: parked ones may fall due from now on. */
  readonly onParked: () => void;
}

/** The subscription is paused by its breaker: nothing more of the batch was settled. */
export class SubscriptionPaused extends Error {
  override readonly name = 'SubscriptionPaused';
  constructor(subscription: string) {
    super(`subscription "${subscription}" is paused by its breaker`);
  }
}
