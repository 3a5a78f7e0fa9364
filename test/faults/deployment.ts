import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, freePorts, type TestDatabase } from '@taskwire/testing';
import { type BusName, busUnder, type BusUnderTest } from '../buses.ts';
import { type Link, linkTo, linksToBus } from './links.ts';
import { type AppProcess, killsOf, supervise, until } from './processes.ts';
import { isSent } from './quiet.ts';
import type { Random } from './random.ts';
import type { Shape } from './victims.ts';

const APPS = ['auth', 'task', 'notification', 'analytics', 'gateway'] as const;
export type App = (typeof APPS)[number];
export const STORES = ['auth', 'task', 'notification', 'analytics'] as const;
export type Store = (typeof STORES)[number];

/** Shorter than in production, so that a take-over after each of many kills is not what the test waits for. */
export const SHORTENED = { BUS_TTL_MS: '1000', RELAY_LEASE_MS: '1500' };

/** Kept from run to run: compiling what every process loads would be a good part of its start. */
const COMPILED = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'taskwire-faults');

const START_LIMIT_MS = 60_000;
const QUIET_LIMIT_MS = 60_000;

export interface DeploymentOptions {
  readonly shape: Shape;
  readonly bus: BusName;
  /** Address of the broker. Default: that for tests. */
  readonly broker?: string;
  /** Besides what the deployment needs. */
  readonly settings?: NodeJS.ProcessEnv;
  /** Five processes only: between each app and what it talks to, links that can be made bad, by this sequence; but not from services to auth. */
  readonly links?: Random;
  /** Five processes only: the bug that an app is given, of those in plant.js. */
  readonly planted?: Readonly<Partial<Record<App, string>>>;
}

export interface Deployment {
  readonly api: string;
  readonly bus: BusUnderTest;
  /** Addresses of the stores, by app. */
  readonly stores: Readonly<Record<Store, string>>;
  readonly links: readonly Link[];
  /** Where outputs and lists of kills are. */
  readonly folder: string;
  /** What a process has written to its output. */
  log(name: string): string;
  /** All that run of one app, or of the platform. */
  instances(name: string): readonly AppProcess[];
  /** Starts one more of an app; the answer ends it. */
  addInstance(app: Store): () => Promise<void>;
  /** How often processes of that name were started again. */
  restarts(name: string): number;
  /** How processes ended other than by SIGKILL: one that can't reach its database at its start, for example. */
  exits(): string[];
  /** Errors that nobody caught, which end a process that should have coped. */
  uncaught(): string[];
  /** Where processes have ended themselves: one line each, `<point> <messages in hand> <ms since 1970>`. */
  kills(name: string): string[];
  /** Waits until nothing is left to send, to handle or to run again: answers what is left after a minute. Rejects where apps aren't ready. */
  quiet(): Promise<string | null>;
  /** With `keep`, its outputs stay. */
  stop(options?: { readonly keep: boolean }): Promise<void>;
}

/** The platform on databases of its own, as five processes or as one, over one of the buses. */
export async function deploy(options: DeploymentOptions): Promise<Deployment> {
  const folder = await mkdtemp(join(tmpdir(), 'taskwire-crash-'));
  const databases = Object.fromEntries(
    await Promise.all(STORES.map(async (store) => [store, await createTestDatabase()] as const)),
  ) as Record<Store, TestDatabase>;
  const bus = await busUnder(options.bus, options.broker);
  const free = await freePorts(APPS.length);
  const ports = Object.fromEntries(APPS.map((app, index) => [app, free[index]])) as Record<App, number>;
  const url = (app: App) => `http://127.0.0.1:${ports[app]}`;

  const shared: NodeJS.ProcessEnv = {
    ...SHORTENED,
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    // Clients sign up by themselves.
    REGISTRATION: 'open',
    // Theirs receive on this machine.
    WEBHOOK_TARGETS: 'any',
    // One broker alone.
    KAFKA_MIN_INSYNC_REPLICAS: '1',
    LOG_LEVEL: 'warn',
    NODE_COMPILE_CACHE: COMPILED,
    ...bus.env,
    INTERNAL_TOKEN: randomBytes(32).toString('hex'),
    OPERATION_SECRET: randomBytes(32).toString('hex'),
    WEBHOOK_KEY: randomBytes(32).toString('hex'),
    RATE_LIMIT_IP: '1000000',
    RATE_LIMIT_USER: '1000000',
    RATE_LIMIT_LOGIN_ADDRESS: '1000000',
    KEYS_DIR: join(folder, 'keys'),
    ...Object.fromEntries(APPS.map((app) => [`${app.toUpperCase()}_URL`, url(app)])),
    ...options.settings,
  };
  const links = options.links ? await openLinks(bus, databases, url, options.links) : [];
  const alone = (app: App, port: number): NodeJS.ProcessEnv =>
    Object.assign(
      { ...shared, PORT: String(port), ...(app !== 'gateway' && { DATABASE_URL: databases[app].url }) },
      ...links.filter((link) => link.app === app).map(({ env }) => env),
    ) as NodeJS.ProcessEnv;
  const together: NodeJS.ProcessEnv = {
    ...shared,
    TASKWIRE_DATA: join(folder, 'data'),
    ...Object.fromEntries(APPS.map((app) => [`${app.toUpperCase()}_PORT`, String(ports[app])])),
    ...Object.fromEntries(
      STORES.map((store) => [`${store.toUpperCase()}_DATABASE_URL`, databases[store].url]),
    ),
  };

  const processes: { readonly name: string; readonly process: AppProcess; ended: boolean }[] = [];
  const exits: string[] = [];
  const planted: Readonly<Record<string, string>> = options.planted ?? {};
  const start = (name: string, instance: string, env: NodeJS.ProcessEnv) => {
    const onExit = (how: string) => exits.push(how);
    const process = supervise({ ...{ name, instance, env, folder, onExit }, planted: planted[name] });
    const one = { name, process, ended: false };
    processes.push(one);
    return one;
  };
  if (options.shape === 'one process') start('platform', 'platform', together);
  else for (const app of APPS) start(app, app, alone(app, ports[app]));
  const of = (name: string) => processes.filter((one) => one.name === name);

  const ready = async (app: App) =>
    (await fetch(`${url(app)}/health/ready`, { signal: AbortSignal.timeout(2_000) })).ok;
  const stop = async ({ keep } = { keep: false }) => {
    await Promise.all(processes.map((one) => one.process.stop()));
    await Promise.all(links.map((link) => link.close()));
    await Promise.all([...Object.values(databases).map((database) => database.drop()), bus.remove()]);
    if (!keep) await rm(folder, { recursive: true, force: true });
  };
  try {
    for (const app of APPS) await until(`${app} is ready`, () => ready(app), START_LIMIT_MS);
  } catch (error) {
    const logs = processes.map(({ name }) => readLog(join(folder, `${name}.log`)));
    await stop();
    throw new Error(`the platform did not start:\n${logs.join('\n')}`, { cause: error });
  }
  const stores = Object.fromEntries(STORES.map((store) => [store, databases[store].url])) as Record<
    Store,
    string
  >;
  let added = 0;
  return {
    api: url('gateway'),
    ...{ bus, stores, links, folder, stop },
    log: (name) => readLog(join(folder, `${name}.log`)),
    instances: (name) =>
      of(name)
        .filter(({ ended }) => !ended)
        .map((one) => one.process),
    addInstance: (app) => {
      added += 1;
      const one = start(app, `${app}-${added}`, alone(app, 0));
      return async () => {
        one.ended = true;
        await one.process.stop();
      };
    },
    restarts: (name) => of(name).reduce((sum, one) => sum + one.process.restarts(), 0),
    exits: () => [...exits],
    uncaught: () =>
      readdirSync(folder)
        .filter((file) => file.endsWith('.log'))
        .flatMap((file) => readLog(join(folder, file)).split('\n'))
        .filter((line) => line.includes('an error that nobody caught')),
    kills: (name) => readKills(killsOf(folder, name)),
    quiet: async () => {
      for (const app of APPS) await until(`${app} is ready`, () => ready(app), START_LIMIT_MS);
      try {
        await until('everything sent', () => isSent(stores), QUIET_LIMIT_MS);
        await until('everything handled', () => bus.isEmpty(), QUIET_LIMIT_MS);
        await until('everything sent by its handlers', () => isSent(stores), QUIET_LIMIT_MS);
        await until('all of that handled', () => bus.isEmpty(), QUIET_LIMIT_MS);
        return null;
      } catch (error) {
        // What can't be asked is another matter than what is left.
        await isSent(stores);
        return (error as Error).message;
      }
    },
  };
}

async function openLinks(
  bus: BusUnderTest,
  databases: Record<Store, TestDatabase>,
  url: (app: App) => string,
  random: Random,
) {
  const toBus = APPS.map(async (app) =>
    (await linksToBus(bus.env, random)).map((link) => ({ ...link, app })),
  );
  const toStore = STORES.map(async (app) => [
    { ...(await linkTo('DATABASE_URL', databases[app].url, random)), app },
  ]);
  const toServices = STORES.map(async (app) => [
    { ...(await linkTo(`${app.toUpperCase()}_URL`, url(app), random)), app: 'gateway' as const },
  ]);
  return (await Promise.all([...toBus, ...toStore, ...toServices])).flat();
}

/** By their numbers, from 0. */
function readKills(path: string): string[] {
  const lines: string[] = [];
  for (let line = readLog(`${path}-0`); line !== ''; line = readLog(`${path}-${lines.length}`))
    lines.push(line);
  return lines;
}

function readLog(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
