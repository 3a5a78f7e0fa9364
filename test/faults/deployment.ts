import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, freePorts, type TestDatabase } from '@taskwire/testing';
import { Client } from 'pg';
import { type BusName, busUnder, type BusUnderTest } from '../buses.js';
import { type AppProcess, supervise, until } from './processes.js';
import type { Shape } from './victims.js';

const APPS = ['auth', 'task', 'notification', 'analytics', 'gateway'] as const;
type App = (typeof APPS)[number];
const STORES = ['auth', 'task', 'notification', 'analytics'] as const;

/** Shorter than in production, so that a take-over after each of many kills is not what the test waits for. */
export const SHORTENED = { BUS_TTL_MS: '1000', RELAY_LEASE_MS: '1500' };

const START_LIMIT_MS = 60_000;
const QUIET_LIMIT_MS = 60_000;

export interface Deployment {
  readonly api: string;
  readonly bus: BusUnderTest;
  /** Addresses of the stores, by app. */
  readonly stores: Readonly<Record<(typeof STORES)[number], string>>;
  /** What a process has written to its output. */
  log(name: string): string;
  readonly processes: ReadonlyMap<string, AppProcess>;
  /** How often a process has ended itself at a point: one line each, `<point> <messages in hand>`. */
  kills(name: string): string[];
  /** Waits until nothing is left to send, to handle or to run again. */
  quiet(): Promise<void>;
  stop(): Promise<void>;
}

/** The platform on databases of its own, as five processes or as one, over one of the buses. */
export async function deploy(
  shape: Shape,
  busName: BusName,
  settings: NodeJS.ProcessEnv = {},
): Promise<Deployment> {
  const folder = await mkdtemp(join(tmpdir(), 'taskwire-crash-'));
  const databases = Object.fromEntries(
    await Promise.all(STORES.map(async (store) => [store, await createTestDatabase()] as const)),
  ) as Record<(typeof STORES)[number], TestDatabase>;
  const bus = await busUnder(busName);
  const free = await freePorts(APPS.length);
  const ports = Object.fromEntries(APPS.map((app, index) => [app, free[index]])) as Record<App, number>;
  const url = (app: App) => `http://127.0.0.1:${ports[app]}`;

  const shared: NodeJS.ProcessEnv = {
    ...SHORTENED,
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    LOG_LEVEL: 'warn',
    NODE_COMPILE_CACHE: join(folder, 'compiled'),
    ...bus.env,
    INTERNAL_TOKEN: randomBytes(32).toString('hex'),
    OPERATION_SECRET: randomBytes(32).toString('hex'),
    RATE_LIMIT_IP: '1000000',
    RATE_LIMIT_USER: '1000000',
    KEYS_DIR: join(folder, 'keys'),
    ...Object.fromEntries(APPS.map((app) => [`${app.toUpperCase()}_URL`, url(app)])),
    ...settings,
  };
  const alone = (app: App): NodeJS.ProcessEnv => ({
    ...shared,
    PORT: String(ports[app]),
    ...(app !== 'gateway' && { DATABASE_URL: databases[app].url }),
  });
  const together: NodeJS.ProcessEnv = {
    ...shared,
    TASKWIRE_DATA: join(folder, 'data'),
    ...Object.fromEntries(APPS.map((app) => [`${app.toUpperCase()}_PORT`, String(ports[app])])),
    ...Object.fromEntries(
      STORES.map((store) => [`${store.toUpperCase()}_DATABASE_URL`, databases[store].url]),
    ),
  };

  const environments: [string, NodeJS.ProcessEnv][] =
    shape === 'one process' ? [['platform', together]] : APPS.map((app) => [app, alone(app)]);
  const processes = new Map(
    environments.map(([name, env]) => [
      name,
      supervise({ name, entry: `apps/${name}/dist/main.js`, env, folder }),
    ]),
  );
  const ready = async (app: App) =>
    (await fetch(`${url(app)}/health/ready`, { signal: AbortSignal.timeout(2_000) })).ok;

  const stop = async () => {
    await Promise.all([...processes.values()].map((app) => app.stop()));
    await Promise.all([...Object.values(databases).map((database) => database.drop()), bus.remove()]);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (const app of APPS) await until(`${app} is ready`, () => ready(app), START_LIMIT_MS);
  } catch (error) {
    const logs = environments.map(([name]) => readLog(join(folder, `${name}.log`)));
    await stop();
    throw new Error(`the platform did not start:\n${logs.join('\n')}`, { cause: error });
  }
  return {
    api: url('gateway'),
    bus,
    stores: Object.fromEntries(STORES.map((store) => [store, databases[store].url])) as Deployment['stores'],
    log: (name) => readLog(join(folder, `${name}.log`)),
    processes,
    kills: (name) =>
      readLog(join(folder, `${name}.kills`))
        .split('\n')
        .filter(Boolean),
    quiet: async () => {
      for (const app of APPS) await until(`${app} is ready`, () => ready(app), START_LIMIT_MS);
      await until('everything sent', () => isSent(databases), QUIET_LIMIT_MS);
      await until('everything handled', () => bus.isEmpty(), QUIET_LIMIT_MS);
      await until('everything sent by its handlers', () => isSent(databases), QUIET_LIMIT_MS);
      await until('all of that handled', () => bus.isEmpty(), QUIET_LIMIT_MS);
    },
    stop,
  };
}

/** True when nothing is in an outbox and nothing is parked; else what there is. */
async function isSent(databases: Record<(typeof STORES)[number], TestDatabase>): Promise<true | string> {
  const left: string[] = [];
  for (const store of STORES) {
    for (const [what, sql] of Object.entries(STORE_LEFT)) {
      const rows = await count(databases[store].url, sql);
      if (rows > 0) left.push(`${store}: ${rows} ${what}`);
    }
  }
  return left.length === 0 || left.join(', ');
}

const STORE_LEFT = {
  'outbox rows': 'select count(*) n from outbox',
  'parked messages': 'select count(*) n from parked_messages',
};

async function count(url: string, sql: string): Promise<number> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
  await client.connect();
  try {
    const { rows } = await client.query<{ n: string }>(sql);
    return Number(rows[0]?.n);
  } finally {
    await client.end();
  }
}

function readLog(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
