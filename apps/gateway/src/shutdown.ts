import type { BeforeApplicationShutdown, OnApplicationShutdown } from '@nestjs/common';
import type { LiveConnections } from './live/live-connections.js';
import type { UsageRecorder } from './usage/usage-recorder.js';

/** Ends what would keep the gateway from closing: live clients go to another one before its server stops. */
export class Shutdown implements BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(
    private readonly connections: LiveConnections,
    private readonly usage: UsageRecorder,
  ) {}

  beforeApplicationShutdown(): void {
    this.connections.closeAll('shutdown');
  }

  async onApplicationShutdown(): Promise<void> {
    await this.usage.close();
  }
}
