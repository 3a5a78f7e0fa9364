import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import pg from 'pg';

const quote = (identifier) => `"${identifier.replaceAll('"', '""')}"`;

// Fields and never a connection string: with one, the stock adapter takes the real database for the shadow.
export function connectionFrom(url = 'postgresql://postgres@127.0.0.1/postgres') {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    host: hostname,
    port: Number(port || 5432),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    max: 2,
  };
}

async function run(connection, sql) {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

export const ping = (connection) => run(connection, 'SELECT 1');
export const createDatabase = (connection) =>
  run({ ...connection, database: 'postgres' }, `CREATE DATABASE ${quote(connection.database)}`);

const CHAR = 18;
const readAs = new Map([
  [CHAR, 25],
  [19, 25],
  [1003, 1009],
]);

/** The catalogue queries return "char", name and name[], which the adapter rejects: read them as text. */
async function open(connection) {
  const adapter = await new PrismaPg(connection).connect();
  const charColumns = new WeakMap();
  const performIO = adapter.performIO.bind(adapter);
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.performIO = async (query) => {
    const result = await performIO(query);
    charColumns.set(
      query,
      result.fields.map((field) => field.dataTypeID === CHAR),
    );
    for (const field of result.fields) field.dataTypeID = readAs.get(field.dataTypeID) ?? field.dataTypeID;
    return result;
  };
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    const columnTypes = result.columnTypes.map((type, column) =>
      charColumns.get(query)[column] ? ColumnTypeEnum.Character : type,
    );
    return { ...result, columnTypes };
  };
  adapter.executeScript = async (sql) => {
    try {
      await adapter.underlyingDriver().query(sql);
    } catch (error) {
      adapter.onError(error);
    }
  };
  return adapter;
}

async function openShadow(connection) {
  const database = `prisma_migrate_shadow_db_${randomUUID()}`;
  await createDatabase({ ...connection, database });
  const adapter = await open({ ...connection, database });
  const dispose = adapter.dispose.bind(adapter);
  adapter.dispose = async () => {
    await dispose();
    const drop = `DROP DATABASE IF EXISTS ${quote(database)} WITH (FORCE)`;
    await run({ ...connection, database: 'postgres' }, drop);
  };
  return adapter;
}

export function schemaAdapter(connection) {
  return bindMigrationAwareSqlAdapterFactory({
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => open(connection),
    connectToShadowDb: () => openShadow(connection),
  });
}
