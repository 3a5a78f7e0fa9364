import { join, resolve } from 'node:path';
import { z } from 'zod';
import { host, port } from './fields.js';
import { ConfigError, namesOf, parseSettings } from './parse.js';
import { valuesOf } from './values.js';

/** Where `npm start` puts a platform: who starts one and who looks for one read the same variables. */
export const PlaceSettings = z.object({
  HOST: host,
  TASKWIRE_DATA: z.string().default('.taskwire'),
  GATEWAY_PORT: port(1).default(3000),
  AUTH_PORT: port(1).default(5001),
  TASK_PORT: port(1).default(5002),
  NOTIFICATION_PORT: port(1).default(5003),
  ANALYTICS_PORT: port(1).default(5004),
});

export const appNames = ['auth', 'task', 'notification', 'analytics', 'gateway'] as const;
export type AppName = (typeof appNames)[number];

export interface Place {
  host: string;
  dataFolder: string;
  ports: Record<AppName, number>;
}

export function placeOf(settings: z.output<typeof PlaceSettings>): Place {
  return {
    host: settings.HOST,
    dataFolder: resolve(settings.TASKWIRE_DATA),
    ports: {
      gateway: settings.GATEWAY_PORT,
      auth: settings.AUTH_PORT,
      task: settings.TASK_PORT,
      notification: settings.NOTIFICATION_PORT,
      analytics: settings.ANALYTICS_PORT,
    },
  };
}

/** Where the platform of this environment is. Throws a ConfigError. */
export function readPlace(env: NodeJS.ProcessEnv): Place {
  const { values, faults } = valuesOf(env, namesOf(PlaceSettings));
  const parsed = parseSettings(PlaceSettings, values);
  if (parsed.data === undefined || faults.length > 0) throw ConfigError.of([...faults, ...parsed.faults]);
  return placeOf(parsed.data);
}

const everyAddress = new Set(['0.0.0.0', '::']);

/** Where one service reaches another, and a user on this machine reaches any: never "every address". */
export function addressOf(name: AppName, { host, ports }: Pick<Place, 'host' | 'ports'>): string {
  const reachable = everyAddress.has(host) ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${ports[name]}`;
}

/** Files that a platform makes in its data folder, for its user alone. */
export function filesOf({ dataFolder }: Pick<Place, 'dataFolder'>) {
  const keys = join(dataFolder, 'keys');
  return {
    keys,
    internalToken: join(keys, 'internal-token'),
    operationSecret: join(keys, 'operation-secret'),
    webhookKey: join(keys, 'webhook-key'),
    rateLimitExemptToken: join(keys, 'rate-limit-exempt-token'),
    adminPassword: join(dataFolder, 'admin-password'),
    demoPassword: join(dataFolder, 'demo-password'),
  };
}
