import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@taskwire/service';

const EVERY_MS = 60 * 60 * 1000;
const KEPT_MS = 24 * 60 * 60 * 1000;
const BATCH = 1_000;

/** A store with rows that expire. */
export interface Expiring {
  /** Removes at most `limit` rows that expired before then; answers how many went, 0 when none is left. */
  purge(before: Date, limit: number): Promise<number>;
}

/** Removes what has expired, a day later: sessions, emails and their tokens, registrations, challenges. */
export class PurgeExpired implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly stores: readonly Expiring[],
    private readonly log: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running ??= this.purge().finally(() => (this.running = undefined));
    }, EVERY_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  private async purge(): Promise<void> {
    try {
      for (const store of this.stores) {
        let removed = 1;
        while (removed > 0 && !this.stopped) {
          removed = await store.purge(new Date(Date.now() - KEPT_MS), BATCH);
        }
      }
    } catch (error) {
      this.log.warn({ err: error }, 'what has expired could not be removed; tried again in an hour');
    }
  }
}
