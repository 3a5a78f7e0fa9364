import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { service as analytics } from '@taskwire/analytics';
import { service as auth } from '@taskwire/auth';
import { service as gateway } from '@taskwire/gateway';
import { service as notification } from '@taskwire/notification';
import { type AnyService, type RunningService, startService } from '@taskwire/service';
import { service as task } from '@taskwire/task';
import { createTestDatabase, freePorts, type TestDatabase } from '@taskwire/testing';
import { surroundings } from './surroundings.js';

const NAMES = ['auth', 'task', 'notification', 'analytics', 'gateway'] as const;
type Name = (typeof NAMES)[number];
const DEFINITIONS: Record<Name, AnyService> = { auth, task, notification, analytics, gateway };
const WITH_STORE = ['auth', 'task', 'notification', 'analytics', 'bus'] as const;
type Store = (typeof WITH_STORE)[number];

export interface Platform {
  /** Where the gateway answers. */
  readonly api: string;
  readonly urls: Readonly<Record<Name, string>>;
  readonly databases: Readonly<Record<Store, string>>;
  /** Settings that say where the bus is. */
  readonly busEnv: NodeJS.ProcessEnv;
  /** Starts one more gateway, with these settings besides; answers where. It ends with the platform. */
  addGateway(env?: NodeJS.ProcessEnv): Promise<string>;
  stopService(name: Name): Promise<void>;
  /** Starts a stopped service again, on the same port and database. */
  startService(name: Name): Promise<void>;
  stop(): Promise<void>;
}

export interface PlatformOptions {
  /** Settings of every service. */
  readonly env?: NodeJS.ProcessEnv;
  /** Where the services reach the bus (`busTarget`), if not directly. */
  readonly busThrough?: (url: string) => string;
}

/** All five services in this process, on databases of their own; over the bus of this run (`TEST_BUS`) unless `env` names one. */
export async function startPlatform({
  env: overrides = {},
  busThrough = (url) => url,
}: PlatformOptions = {}): Promise<Platform> {
  const folder = await mkdtemp(join(tmpdir(), 'taskwire-e2e-'));
  const databases = await inEach(WITH_STORE, () => createTestDatabase());
  const around = overrides.BUS === undefined ? await surroundings(databases.bus.url, busThrough) : undefined;
  const free = await freePorts(NAMES.length);
  const ports = mapEach(NAMES, (name) => free[NAMES.indexOf(name)]);
  const urls = mapEach(NAMES, (name) => `http://127.0.0.1:${ports[name]}`);
  const shared: NodeJS.ProcessEnv = {
    NODE_ENV: 'test',
    LOG_LEVEL: 'error',
    HOST: '127.0.0.1',
    BUS_DATABASE_URL: databases.bus.url,
    ...around?.env,
    INTERNAL_TOKEN: randomBytes(32).toString('hex'),
    OPERATION_SECRET: randomBytes(32).toString('hex'),
    WEBHOOK_KEY: randomBytes(32).toString('hex'),
    // All clients of a spec have one address.
    RATE_LIMIT_LOGIN_ADDRESS: '1000',
    KEYS_DIR: join(folder, 'keys'),
    ...Object.fromEntries(NAMES.map((name) => [`${name.toUpperCase()}_URL`, urls[name]])),
    ...overrides,
  };
  const env = (name: Name): NodeJS.ProcessEnv => ({
    ...shared,
    PORT: String(ports[name]),
    ...(name !== 'gateway' && { DATABASE_URL: databases[name].url }),
  });

  const running = new Map<Name, RunningService>();
  const start = async (name: Name) => {
    running.set(name, await startService(DEFINITIONS[name], env(name)));
  };
  const stopOne = async (name: Name) => {
    await running.get(name)?.close();
    running.delete(name);
  };
  const more: RunningService[] = [];
  const stop = async () => {
    for (const one of more) await one.close();
    for (const name of NAMES.toReversed()) await stopOne(name);
    await around?.remove();
    await Promise.all(Object.values(databases).map((database: TestDatabase) => database.drop()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (const name of NAMES) await start(name);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    api: urls.gateway,
    urls,
    databases: mapEach(WITH_STORE, (name) => databases[name].url),
    busEnv: { ...around?.env, ...overrides },
    addGateway: async (own = {}) => {
      const added = await startService(gateway, { ...env('gateway'), PORT: '0', ...own });
      more.push(added);
      return added.url;
    },
    stopService: stopOne,
    startService: start,
    stop,
  };
}

function mapEach<K extends string, V>(keys: readonly K[], make: (key: K) => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, make(key)])) as Record<K, V>;
}

async function inEach<K extends string, V>(
  keys: readonly K[],
  make: (key: K) => Promise<V>,
): Promise<Record<K, V>> {
  const made = await Promise.all(keys.map(async (key) => [key, await make(key)] as const));
  return Object.fromEntries(made) as Record<K, V>;
}
