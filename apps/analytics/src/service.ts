import { analyticsEvents, analyticsUsage } from '@taskwire/contracts';
import type { ServiceDefinition } from '@taskwire/service';
import { z } from 'zod';
import { AnalyticsModule } from './analytics.module.js';
import { migrations, openDatabase } from './database.js';
import type { PrismaClient } from './generated/prisma/client.js';

export const service: ServiceDefinition<object, PrismaClient> = {
  name: 'analytics',
  port: 5004,
  config: z.object({}),
  database: { migrations, open: openDatabase },
  groups: [analyticsEvents, analyticsUsage],
  module: ({ db }) => AnalyticsModule.on(db),
};
