import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freeNodePort, freePorts } from '@taskwire/testing';
import { connect } from 'amqplib';
import { Client } from 'pg';
import type { Scope } from './scope.ts';

const root = join(import.meta.dirname, '..', '..');
/** The first start of Kafka downloads it. */
const BROKER_START_MS = 300_000;

export type BusName = 'kafka' | 'rabbitmq' | 'postgres';

/** A folder that goes with the bench. Others may enter it: PostgreSQL doesn't run as root. */
export async function temporaryFolder(scope: Scope): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'taskwire-bench-'));
  await chmod(folder, 0o755);
  scope.add(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Postgres {
  url(database: string): string;
  /** Makes an empty database; answers its URL. */
  create(database: string): Promise<string>;
  version: string;
}

/** A PostgreSQL of the bench's own, as durable as in production: what is committed is on the disk. */
export async function startPostgres(scope: Scope, folder: string): Promise<Postgres> {
  const { startEmbeddedPostgres } = (await import(
    // Compiled before the bench starts, as the apps are.
    join(root, 'apps/platform/dist/postgres/embedded-postgres.js')
  )) as typeof import('../../apps/platform/src/postgres/embedded-postgres.js');
  const server = await startEmbeddedPostgres(folder, { max_connections: '300', max_wal_size: '4GB' });
  scope.add(async () => {
    await server.stop();
    await rm(server.folder, { recursive: true, force: true });
  });
  const onServer = async (sql: string): Promise<unknown> => {
    const client = new Client({ connectionString: server.url('postgres') });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows[0];
    } finally {
      await client.end();
    }
  };
  const { server_version: version } = (await onServer('show server_version')) as { server_version: string };
  return {
    version: `PostgreSQL ${version}`,
    url: (database) => server.url(database),
    create: async (database) => {
      await onServer(`create database ${database}`);
      return server.url(database);
    },
  };
}

/** Where the broker is: the one that KAFKA_BROKERS or RABBITMQ_URL names, else one of the bench's own. */
export async function startBroker(
  scope: Scope,
  folder: string,
  bus: Exclude<BusName, 'postgres'>,
): Promise<string> {
  const given = process.env[bus === 'kafka' ? 'KAFKA_BROKERS' : 'RABBITMQ_URL'];
  if (given) return given;
  const ports = bus === 'kafka' ? await freePorts(2) : [await freeNodePort()];
  const [port, controllerPort] = ports.map(String);
  const data = join(folder, bus);
  await mkdir(data);
  const script = join(root, 'deploy', bus, 'local.sh');
  const env = {
    ...process.env,
    ...(bus === 'kafka'
      ? { KAFKA_DATA: data, KAFKA_PORT: port, KAFKA_CONTROLLER_PORT: controllerPort }
      : { RABBITMQ_LOCAL_FOLDER: data, RABBITMQ_LOCAL_PORT: port }),
  };
  const run = (command: string) => promisify(execFile)(script, [command], { env, timeout: BROKER_START_MS });
  scope.add(
    async () => void (await run('kill')),
    () => void execFileSync(script, ['kill'], { env, stdio: 'ignore' }),
  );
  return (await run('start')).stdout.trim();
}

/** What tells programs of ours where a broker is. It is one alone, so there is one copy of each message, whoever sends it. */
export const brokerSettings = (bus: BusName, address: string): NodeJS.ProcessEnv =>
  bus === 'kafka' ? { KAFKA_BROKERS: address, KAFKA_MIN_INSYNC_REPLICAS: '1' } : { RABBITMQ_URL: address };

/** As the broker names itself; Kafka tells clients only what it can do. */
export async function brokerVersion(bus: Exclude<BusName, 'postgres'>, address: string): Promise<string> {
  if (bus === 'kafka') return process.env.KAFKA_BROKERS ? 'Kafka' : 'Kafka 4.1.1';
  const model = await connect(address);
  const { version } = model.connection.serverProperties;
  await model.close();
  return `RabbitMQ ${version}`;
}
