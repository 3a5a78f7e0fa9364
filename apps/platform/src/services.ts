import { service as analytics } from '@taskwire/analytics';
import { service as auth } from '@taskwire/auth';
import { service as gateway } from '@taskwire/gateway';
import { service as notification } from '@taskwire/notification';
import {
  type AnyService,
  ensureDatabase,
  migrate,
  type RunningService,
  startService,
} from '@taskwire/service';
import type { AppName } from '@taskwire/service/settings';
import { service as task } from '@taskwire/task';
import type { Databases } from './environment.js';

const behindGateway = { auth, task, notification, analytics };

export const apps: readonly AnyService[] = [auth, task, notification, analytics, gateway];

/** Every database before any service: one that can't be used is found while nothing runs yet. */
export async function migrateAll(databases: Databases): Promise<void> {
  await ensureDatabase(databases.bus);
  for (const name of ['auth', 'task', 'notification', 'analytics'] as const) {
    const { database } = behindGateway[name];
    if (database) await migrate(databases[name], database.migrations);
  }
}

/**
 * Starts the services behind the gateway together, then the gateway. Each gets an environment and nothing else;
 * between them go only the bus and HTTP. `started` is told of each, so that a failure can end those that run.
 */
export async function startAll(
  environmentFor: (name: AppName) => NodeJS.ProcessEnv,
  started: (name: AppName, service: RunningService) => void,
): Promise<void> {
  const behind = await Promise.allSettled([
    startService(auth, environmentFor('auth')).then((service) => started('auth', service)),
    startService(task, environmentFor('task')).then((service) => started('task', service)),
    startService(notification, environmentFor('notification')).then((service) =>
      started('notification', service),
    ),
    startService(analytics, environmentFor('analytics')).then((service) => started('analytics', service)),
  ]);
  for (const result of behind) if (result.status === 'rejected') throw result.reason;
  started('gateway', await startService(gateway, environmentFor('gateway')));
}
