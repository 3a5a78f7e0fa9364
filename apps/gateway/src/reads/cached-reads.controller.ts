import { Controller, Inject } from '@nestjs/common';
import { gatewayAccounts, type UserDeleted, UserUpdated } from '@taskwire/contracts';
import { type EventOf, HandleBroadcast, isEvent } from '@taskwire/messaging';
import { CachedReads } from './cached-reads.js';

/** Hears what makes kept answers void. */
@Controller()
export class CachedReadsController {
  constructor(@Inject(CachedReads) private readonly reads: CachedReads) {}

  @HandleBroadcast(gatewayAccounts, { resync: 'clear' })
  async forget(event: EventOf<typeof UserUpdated | typeof UserDeleted>): Promise<void> {
    const { userId } = event.payload;
    await this.reads.forget(userId, isEvent(event, UserUpdated) ? event.payload.version : undefined);
  }

  async clear(): Promise<void> {
    await this.reads.clear();
  }
}
