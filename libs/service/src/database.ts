import { Client, DatabaseError } from 'pg';

const CONNECT_TIMEOUT_MS = 30_000;
const NO_SUCH_DATABASE = '3D000';
// Another process made the same database at the same moment: seen as a duplicate, or as a clash in the catalogue.
const MADE_MEANWHILE = new Set(['42P04', '23505']);

export function databaseOf(connectionUrl: string): string {
  return decodeURIComponent(new URL(connectionUrl).pathname.slice(1));
}

async function connect(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  // Lost between two statements: the next one rejects, and says so. Without a listener it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function createDatabase(connectionUrl: string): Promise<void> {
  const maintenance = new URL(connectionUrl);
  maintenance.pathname = '/postgres';
  const client = await connect(maintenance.href);
  try {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(databaseOf(connectionUrl))}`);
  } catch (error) {
    if (!(error instanceof DatabaseError && MADE_MEANWHILE.has(error.code ?? ''))) throw error;
  } finally {
    await client.end();
  }
}

/** A connection to the database that the URL names, which is created when it doesn't exist. */
export async function connectOrCreate(connectionUrl: string): Promise<Client> {
  try {
    return await connect(connectionUrl);
  } catch (error) {
    if (!(error instanceof DatabaseError && error.code === NO_SUCH_DATABASE)) throw error;
  }
  await createDatabase(connectionUrl);
  return connect(connectionUrl);
}

/** Creates the database that the URL names, unless it exists. */
export async function ensureDatabase(connectionUrl: string): Promise<void> {
  const client = await connectOrCreate(connectionUrl);
  await client.end();
}
