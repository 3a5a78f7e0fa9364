import { accountRoutes } from './accounts.js';
import { analyticsRoutes } from './analytics.js';
import { exportRoutes } from './export.js';
import { mailedRoutes } from './mailed.js';
import { liveRoutes, notificationRoutes } from './notifications.js';
import { operationRoutes } from './operations.js';
import type { Route } from './route.js';
import { taskRoutes } from './tasks.js';
import { webhookRoutes } from './webhooks.js';

/** Every public route; OpenAPI is made from this list. */
export const routes: readonly Route[] = [
  accountRoutes,
  mailedRoutes,
  exportRoutes,
  taskRoutes,
  notificationRoutes,
  webhookRoutes,
  liveRoutes,
  analyticsRoutes,
  operationRoutes,
].flatMap((group: Record<string, Route>) => Object.values(group));
