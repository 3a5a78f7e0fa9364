import { Controller, Inject } from '@nestjs/common';
import { gatewayAccounts, type UserUpdated } from '@taskwire/contracts';
import { HandleBroadcast, type MessageOf } from '@taskwire/messaging';
import { CachedReads } from './cached-reads.js';

/** Hears what makes kept answers void. */
@Controller()
export class CachedReadsController {
  constructor(@Inject(CachedReads) private readonly reads: CachedReads) {}

  @HandleBroadcast(gatewayAccounts, { resync: 'clear' })
  async forget({ payload }: MessageOf<typeof UserUpdated>): Promise<void> {
    await this.reads.forget(payload.userId, payload.version);
  }

  async clear(): Promise<void> {
    await this.reads.clear();
  }
}
