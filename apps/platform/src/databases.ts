import { ensureDatabase } from '@taskwire/service';
import type { Databases } from './environment.js';
import type { EmbeddedPostgres } from './postgres/embedded-postgres.js';
import { databaseVariable, type Settings, type Store, stores } from './settings.js';
import { StartError } from './start-error.js';

/** Whether the environment leaves any store to the embedded PostgreSQL. */
export const needsPostgres = ({ databases }: Settings): boolean =>
  stores.some((store) => databases[store] === undefined);

/** The database of every store: those that the environment names, the others on the embedded PostgreSQL. */
export function databasesOf(settings: Settings, postgres: EmbeddedPostgres | undefined): Databases {
  const urlOf = (store: Store): string =>
    settings.databases[store] ?? postgres?.url(`taskwire_${store}`) ?? '';
  return {
    auth: urlOf('auth'),
    task: urlOf('task'),
    notification: urlOf('notification'),
    analytics: urlOf('analytics'),
    bus: urlOf('bus'),
  };
}

/** Says which of the databases that the environment names can't be used, and why; never a URL, which holds a password. */
export async function checkDatabases({ databases }: Settings): Promise<void> {
  const problems = await Promise.all(
    stores.map(async (store) => {
      const url = databases[store];
      if (url === undefined) return [];
      try {
        await ensureDatabase(url);
        return [];
      } catch (error) {
        const variable = databaseVariable(store);
        const at = new URL(url).host || 'its socket';
        return [
          `The database of ${variable} (PostgreSQL at ${at}) can't be used (${reasonOf(error)}): start it, or set ${variable} to one that runs.`,
        ];
      }
    }),
  );
  if (problems.flat().length > 0) throw new StartError(problems.flat().join('\n'));
}

/** The server's own words, which name a user or a database and no password; of the network only the code. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { code, severity } = error as NodeJS.ErrnoException & { severity?: string };
  return code === undefined || severity !== undefined ? error.message : code;
}
