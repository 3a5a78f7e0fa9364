import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';
import { connectOrCreate, databaseOf } from './database.js';

/** A database that can't be brought to this version. The message is one line that says what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

interface AppliedMigration {
  name: string;
  checksum: string;
  finished: boolean;
}

// The key that Prisma's own engine locks, so that `prisma migrate` and a starting service exclude each other.
const PRISMA_LOCK = 72707369;
const LOCK_WAIT = '60s';

const HISTORY_TABLE = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" VARCHAR(36) PRIMARY KEY NOT NULL,
  "checksum" VARCHAR(64) NOT NULL,
  "finished_at" TIMESTAMPTZ,
  "migration_name" VARCHAR(255) NOT NULL,
  "logs" TEXT,
  "rolled_back_at" TIMESTAMPTZ,
  "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
  "applied_steps_count" INTEGER NOT NULL DEFAULT 0
)`;

/**
 * Applies the migrations of a folder (`<name>/migration.sql`, as `prisma migrate dev` writes them) that a
 * database lacks, and creates the database when it is missing. Safe to call from several processes at once.
 * Returns the names of those applied. Throws a MigrationError, having changed nothing, when the database was
 * used by a newer version, when an applied migration was edited, or when an earlier one failed half-way.
 */
export async function migrate(connectionUrl: string, migrationsFolder: string): Promise<string[]> {
  const migrations = readMigrations(migrationsFolder);
  const client = await connectOrCreate(connectionUrl);
  try {
    await client.query(`SET lock_timeout = '${LOCK_WAIT}'`);
    await client.query('SELECT pg_advisory_lock($1)', [PRISMA_LOCK]);
    const applied = await readHistory(client);
    refuseUnknown(databaseOf(connectionUrl), migrations, applied);

    const missing = migrations.filter(({ name }) => !applied.some((row) => row.name === name));
    if (missing.length > 0) await client.query(HISTORY_TABLE);
    for (const migration of missing) await apply(client, databaseOf(connectionUrl), migration);
    return missing.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

function readMigrations(folder: string): Migration[] {
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'migration.sql')))
    .sort()
    .map((name) => {
      const sql = readFileSync(join(folder, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });
}

async function readHistory(client: Client): Promise<AppliedMigration[]> {
  const table = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('"_prisma_migrations"') IS NOT NULL AS exists`,
  );
  if (!table.rows[0]?.exists) return [];
  const { rows } = await client.query<AppliedMigration>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
     FROM _prisma_migrations WHERE rolled_back_at IS NULL`,
  );
  return rows;
}

function refuseUnknown(database: string, migrations: Migration[], applied: AppliedMigration[]): void {
  for (const row of applied) {
    const known = migrations.find(({ name }) => name === row.name);
    if (known === undefined) {
      throw new MigrationError(
        `Database ${database} was used by a newer version (it has migration ${row.name}): start that version, or use another database.`,
      );
    }
    if (!row.finished) {
      throw new MigrationError(
        `Migration ${row.name} of database ${database} failed before: repair it, then run "prisma migrate resolve".`,
      );
    }
    if (known.checksum !== row.checksum) {
      throw new MigrationError(
        `Migration ${row.name} was edited after database ${database} had applied it: restore the file and add a new migration.`,
      );
    }
  }
}

async function apply(client: Client, database: string, { name, sql, checksum }: Migration): Promise<void> {
  const id = randomUUID();
  await client.query('INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)', [
    id,
    checksum,
    name,
  ]);
  try {
    await client.query(sql);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    await client.query('UPDATE _prisma_migrations SET logs = $2 WHERE id = $1', [id, reason]);
    throw new MigrationError(`Migration ${name} of database ${database} failed: ${reason}`, { cause });
  }
  await client.query(
    'UPDATE _prisma_migrations SET finished_at = now(), applied_steps_count = 1 WHERE id = $1',
    [id],
  );
}
