import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

export interface TestDatabase {
  url: string;
  /** Ends all its connections and refuses new ones, as a server that is away does, until `bringUp`. */
  takeDown(): Promise<void>;
  bringUp(): Promise<void>;
  drop(): Promise<void>;
}

function serverUrl(): string {
  const url = process.env['TEST_POSTGRES_URL'];
  if (url === undefined) {
    throw new Error(
      'TEST_POSTGRES_URL is not set: run specs with the jest.config.js of the repository, which sets it',
    );
  }
  return url;
}

async function onServer(sql: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl(), connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Makes an empty database on the test server. `drop` removes it, also while connections to it are open. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `taskwire_test_${randomBytes(8).toString('hex')}`;
  await onServer(`CREATE DATABASE ${name}`);
  const url = new URL(serverUrl());
  url.pathname = `/${name}`;
  const takes = (connections: boolean) => onServer(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${connections}`);
  return {
    url: url.href,
    takeDown: async () => {
      await takes(false);
      await onServer(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
    },
    bringUp: () => takes(true),
    drop: () => onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}
