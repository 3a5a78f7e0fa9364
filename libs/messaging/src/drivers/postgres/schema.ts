import pg from 'pg';
import { CONNECT_TIMEOUT_MS } from './connection.js';
import { MIGRATIONS } from './schema.sql.js';
import { sqlState } from './sql-state.js';

const SETUP_LOCK = 730;
const SETUP_TIMEOUT_MS = 30_000;

/** Makes the database and its schema if they are missing; safe from several processes at once. */
export async function prepareDatabase(url: string): Promise<void> {
  try {
    await migrate(url);
  } catch (error) {
    if (sqlState(error) !== '3D000') throw error;
    await createDatabase(url);
    await migrate(url);
  }
}

async function createDatabase(url: string): Promise<void> {
  const parsed = new URL(url);
  const name = decodeURIComponent(parsed.pathname.slice(1));
  parsed.pathname = '/postgres';
  const client = await open(parsed.href);
  try {
    await client.query(`create database ${client.escapeIdentifier(name)}`);
  } catch (error) {
    const state = sqlState(error);
    const madeMeanwhile = state === '42P04' || state === '23505';
    if (madeMeanwhile) return;
    throw new Error(
      `postgres bus: database "${name}" is missing and can't be made by this user: create it and make the user its owner`,
      { cause: error },
    );
  } finally {
    await client.end();
  }
}

async function migrate(url: string): Promise<void> {
  const client = await open(url);
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1)', [SETUP_LOCK]);
    const version = await versionOf(client);
    if (version > MIGRATIONS.length) {
      throw new Error(
        `postgres bus: the database has schema version ${String(version)}, this Taskwire knows ${String(MIGRATIONS.length)}: ` +
          'run the release that made it, or point the bus at another database',
      );
    }
    for (const migration of MIGRATIONS.slice(version)) await client.query(migration);
    await client.query('update bus.meta set version = $1 where version < $1', [MIGRATIONS.length]);
    await client.query('commit');
  } finally {
    await client.end();
  }
}

async function versionOf(client: pg.Client): Promise<number> {
  const found = await client.query<{ exists: boolean }>(
    `select to_regclass('bus.meta') is not null as exists`,
  );
  if (found.rows[0]?.exists !== true) return 0;
  const { rows } = await client.query<{ version: number }>('select version from bus.meta');
  return rows[0]?.version ?? 0;
}

async function open(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'taskwire-bus setup',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: SETUP_TIMEOUT_MS,
  });
  // A connection lost while idle: the next query rejects, and that is enough.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
