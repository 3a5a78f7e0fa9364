import type { Databases } from './environment.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './postgres/embedded-postgres.js';
import { stores, type Settings } from './settings.js';

export interface OpenDatabases {
  urls: Databases;
  /** Undefined when the environment names a database for every store. */
  postgres: EmbeddedPostgres | undefined;
}

/** The database of every store: those that the environment names, the others on the embedded PostgreSQL. */
export async function openDatabases(settings: Settings): Promise<OpenDatabases> {
  const isEmbedded = stores.some((store) => settings.databases[store] === undefined);
  const postgres = isEmbedded ? await startEmbeddedPostgres(settings.dataFolder) : undefined;
  const urlOf = (store: (typeof stores)[number]): string =>
    settings.databases[store] ?? postgres?.url(`taskwire_${store}`) ?? '';
  const urls: Databases = {
    auth: urlOf('auth'),
    task: urlOf('task'),
    notification: urlOf('notification'),
    analytics: urlOf('analytics'),
    bus: urlOf('bus'),
  };
  return { urls, postgres };
}
