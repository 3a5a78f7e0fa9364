import {
  notificationAccounts,
  notificationCommands,
  notificationReminders,
  notificationTasks,
} from '@taskwire/contracts';
import type { ServiceDefinition } from '@taskwire/service';
import { NotificationConfig } from './config.js';
import { migrations, openDatabase } from './database.js';
import type { PrismaClient } from './generated/prisma/client.js';
import { NotificationModule } from './notification.module.js';

export const service: ServiceDefinition<NotificationConfig, PrismaClient> = {
  name: 'notification',
  port: 5003,
  config: NotificationConfig,
  database: { migrations, open: openDatabase },
  groups: [notificationCommands, notificationTasks, notificationAccounts, notificationReminders],
  module: NotificationModule.on,
};
