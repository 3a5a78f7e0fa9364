import {
  ConfigError,
  namesOf,
  type Place,
  placeOf,
  PlaceSettings,
  postgresUrl,
  parseSettings,
  valuesOf,
} from '@taskwire/service/settings';
import type { z } from 'zod';

const database = postgresUrl.optional();

/** What the launcher itself is told; the rest is for the apps. */
export const PlatformSettings = PlaceSettings.extend({
  AUTH_DATABASE_URL: database,
  TASK_DATABASE_URL: database,
  NOTIFICATION_DATABASE_URL: database,
  ANALYTICS_DATABASE_URL: database,
  BUS_DATABASE_URL: database,
});

export const stores = ['auth', 'task', 'notification', 'analytics', 'bus'] as const;
export type Store = (typeof stores)[number];

export interface Settings extends Place {
  /** Databases that the environment names; the others are on the embedded PostgreSQL. */
  databases: Partial<Record<Store, string>>;
}

export const databaseVariable = (store: Store): string => `${store.toUpperCase()}_DATABASE_URL`;

export function settingsOf(data: z.output<typeof PlatformSettings>): Settings {
  return {
    ...placeOf(data),
    databases: {
      auth: data.AUTH_DATABASE_URL,
      task: data.TASK_DATABASE_URL,
      notification: data.NOTIFICATION_DATABASE_URL,
      analytics: data.ANALYTICS_DATABASE_URL,
      bus: data.BUS_DATABASE_URL,
    },
  };
}

/** The launcher's own settings, for what starts no app. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const { values, faults } = valuesOf(env, namesOf(PlatformSettings));
  const parsed = parseSettings(PlatformSettings, values);
  if (parsed.data === undefined || faults.length > 0) throw ConfigError.of([...faults, ...parsed.faults]);
  return settingsOf(parsed.data);
}
