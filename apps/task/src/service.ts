import { taskAccounts, taskCommands } from '@taskwire/contracts';
import type { ServiceDefinition } from '@taskwire/service';
import { z } from 'zod';
import { migrations, openDatabase } from './database.js';
import type { PrismaClient } from './generated/prisma/client.js';
import { TaskModule } from './task.module.js';

export const service: ServiceDefinition<object, PrismaClient> = {
  name: 'task',
  port: 5002,
  config: z.object({}),
  database: { migrations, open: openDatabase },
  groups: [taskCommands, taskAccounts],
  module: ({ db }) => TaskModule.on(db),
};
