import { addressOf, type AppName } from '@taskwire/service/settings';
import type { Secrets } from './secrets.js';
import type { Settings, Store } from './settings.js';

export const ADMIN_EMAIL = 'admin@localhost';

export type Databases = Record<Store, string>;

/** What the platform gives a service unless its own environment does. */
function standardOf(secrets: Secrets): NodeJS.ProcessEnv {
  return {
    BUS: 'postgres',
    KEYS_DIR: secrets.keysFolder,
    INTERNAL_TOKEN: secrets.internalToken,
    OPERATION_SECRET: secrets.operationSecret,
    WEBHOOK_KEY: secrets.webhookKey,
    RATE_LIMIT_EXEMPT_TOKEN: secrets.rateLimitExemptToken,
    ADMIN_EMAIL,
    ADMIN_PASSWORD: secrets.adminPassword,
  };
}

/** Where mailed links lead while no frontend has pages for them. */
function accountPagesOf(settings: Settings): NodeJS.ProcessEnv {
  return { ACCOUNT_URL: `${addressOf('gateway', settings)}/account` };
}

/** What only the platform can know: it decides where each service and its store is. */
function givenTo(name: AppName, settings: Settings, databases: Databases): NodeJS.ProcessEnv {
  return {
    HOST: settings.host,
    PORT: String(settings.ports[name]),
    BUS_DATABASE_URL: databases.bus,
    DATABASE_URL: name === 'gateway' ? undefined : databases[name],
    AUTH_URL: addressOf('auth', settings),
    TASK_URL: addressOf('task', settings),
    NOTIFICATION_URL: addressOf('notification', settings),
    ANALYTICS_URL: addressOf('analytics', settings),
  };
}

/** Variables of a service that mean nothing to the platform: it sets them itself. */
export const givenNames = [
  ...['PORT', 'DATABASE_URL'],
  ...['AUTH_URL', 'TASK_URL', 'NOTIFICATION_URL', 'ANALYTICS_URL'],
];

/** What one service gets: the same settings that it would get in a process of its own. */
export function environmentOf(
  name: AppName,
  settings: Settings,
  databases: Databases,
  secrets: Secrets,
  outer: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  return {
    ...standardOf(secrets),
    ...accountPagesOf(settings),
    ...outer,
    ...givenTo(name, settings, databases),
  };
}
