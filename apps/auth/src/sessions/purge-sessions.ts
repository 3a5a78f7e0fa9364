import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { LOGGER } from '@taskwire/service';
import type { Logger } from '@taskwire/telemetry';
import { SessionStore } from './session-store.js';

const EVERY_MS = 60 * 60 * 1000;
const KEPT_MS = 24 * 60 * 60 * 1000;
const BATCH = 1_000;

/** Removes sessions whose tokens have all expired, a day later. */
@Injectable()
export class PurgeSessions implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    @Inject(SessionStore) private readonly sessions: SessionStore,
    @Inject(LOGGER) private readonly log: Logger,
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
      let removed = 1;
      while (removed > 0 && !this.stopped) {
        removed = await this.sessions.purge(new Date(Date.now() - KEPT_MS), BATCH);
      }
    } catch (error) {
      this.log.warn({ err: error }, 'expired sessions could not be removed; tried again in an hour');
    }
  }
}
