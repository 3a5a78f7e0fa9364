import type { DynamicModule } from '@nestjs/common';
import { ActivityStore } from './activity/activity-store.js';
import { EraseUserHandler } from './activity/erase-user.js';
import { CountActivityHandler } from './activity/count-activity.js';
import type { PrismaClient } from './generated/prisma/client.js';
import { CountsStore } from './overview/counts-store.js';
import { MyAnalyticsReader } from './overview/my-analytics.js';
import { PlatformOverviewReader } from './overview/platform-overview.js';
import { CountRequestsHandler } from './usage/count-requests.js';
import { UsageStore } from './usage/usage-store.js';

const events = [CountActivityHandler, EraseUserHandler, CountRequestsHandler];
const reads = [MyAnalyticsReader, PlatformOverviewReader];

/** Everything that the analytics service serves. */
export class AnalyticsModule {
  static on(db: PrismaClient): DynamicModule {
    return {
      module: AnalyticsModule,
      controllers: [...events, ...reads],
      providers: [
        { provide: ActivityStore, useValue: new ActivityStore() },
        { provide: UsageStore, useValue: new UsageStore(db) },
        { provide: CountsStore, useValue: new CountsStore(db) },
      ],
    };
  }
}
