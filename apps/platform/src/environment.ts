import { addressOf } from './addresses.js';
import type { Secrets } from './secrets.js';
import type { Name, Settings, Store } from './settings.js';

export const ADMIN_EMAIL = 'admin@localhost';

export type Databases = Record<Store, string>;

/** What one service gets: the same settings that it would get in a process of its own. */
export function environmentOf(
  name: Name,
  settings: Settings,
  databases: Databases,
  secrets: Secrets,
  outer: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  return {
    BUS: 'postgres',
    KEYS_DIR: secrets.keysFolder,
    INTERNAL_TOKEN: secrets.internalToken,
    OPERATION_SECRET: secrets.operationSecret,
    RATE_LIMIT_EXEMPT_TOKEN: secrets.rateLimitExemptToken,
    ADMIN_EMAIL,
    ADMIN_PASSWORD_FILE: secrets.adminPasswordFile,
    ...outer,
    HOST: settings.host,
    PORT: String(settings.ports[name]),
    BUS_DATABASE_URL: databases.bus,
    ...(name === 'gateway' ? {} : { DATABASE_URL: databases[name] }),
    AUTH_URL: addressOf('auth', settings),
    TASK_URL: addressOf('task', settings),
    NOTIFICATION_URL: addressOf('notification', settings),
    ANALYTICS_URL: addressOf('analytics', settings),
  };
}
