import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { service } from '@taskwire/task';
import { Client } from 'pg';

/** The tables of Taskwire's task service, in an empty database. */
export async function applyMigrations(database: string): Promise<void> {
  const folder = service.database?.migrations ?? '';
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  await onDatabase(database, async (client) => {
    for (const name of names.toSorted()) {
      await client.query(await readFile(join(folder, name, 'migration.sql'), 'utf8'));
    }
  });
}

export function countRows(database: string, table: 'tasks' | 'outbox'): Promise<number> {
  return onDatabase(database, async (client) => {
    const { rows } = await client.query<{ count: string }>(`select count(*) from ${table}`);
    return Number(rows[0]?.count);
  });
}

type TaskDatabase = ReturnType<NonNullable<(typeof service)['database']>['open']>;

/** As the service opens it. */
export function openTaskDatabase(database: string): TaskDatabase {
  if (!service.database) throw new Error('the task service has no database');
  return service.database.open(database);
}

async function onDatabase<T>(database: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: database });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
