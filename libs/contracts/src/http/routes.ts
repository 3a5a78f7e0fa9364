import { accountRoutes } from './accounts.js';
import { administrationRoutes } from './administration.js';
import { analyticsRoutes } from './analytics.js';
import { exportRoutes } from './export.js';
import { apiTokenRoutes } from './api-tokens.js';
import { mailedRoutes } from './mailed.js';
import { liveRoutes, notificationRoutes } from './notifications.js';
import { operationRoutes } from './operations.js';
import { passkeyRoutes } from './passkeys.js';
import type { Route } from './route.js';
import { secondFactorRoutes } from './second-factors.js';
import { taskRoutes } from './tasks.js';
import { webhookRoutes } from './webhooks.js';

/** Every public route; OpenAPI is made from this list. */
export const routes: readonly Route[] = [
  accountRoutes,
  secondFactorRoutes,
  passkeyRoutes,
  apiTokenRoutes,
  administrationRoutes,
  mailedRoutes,
  exportRoutes,
  taskRoutes,
  notificationRoutes,
  webhookRoutes,
  liveRoutes,
  analyticsRoutes,
  operationRoutes,
].flatMap((group: Record<string, Route>) => Object.values(group));
