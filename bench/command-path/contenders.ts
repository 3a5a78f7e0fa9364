import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { freePorts, type StubAuth } from '@taskwire/testing';
import { answers, messageOf, startProgram } from '../rig/program.ts';
import type { Scope } from '../rig/scope.ts';
import { brokerSettings, type BusName, type Postgres } from '../rig/servers.ts';
import { applyMigrations } from '../rig/task-database.ts';

export interface Contender {
  readonly name: ContenderName;
  readonly url: string;
  /** Where its tasks are. */
  readonly database: string;
  /** Ids of its processes. */
  readonly gateway: number;
  readonly services: readonly number[];
}

export type ContenderName = 'taskwire' | 'taskwire, all services' | 'nest' | 'minimal';

export interface Rig {
  readonly scope: Scope;
  readonly folder: string;
  readonly postgres: Postgres;
  readonly auth: StubAuth;
  readonly bus: BusName;
  /** Address of the broker; none for `postgres`. */
  readonly broker: string;
  /** Where spans go. */
  readonly spans: string;
  /** Options of node for the programs under test, such as `--cpu-prof`. */
  readonly node: readonly string[];
  /** Settings of Taskwire's programs besides. */
  readonly settings: NodeJS.ProcessEnv;
}

/** Gateway and task service, each in its process; with `all`, notification and analytics too. */
export async function startTaskwire(rig: Rig, name: ContenderName = 'taskwire'): Promise<Contender> {
  const all = name === 'taskwire, all services';
  const apps = all ? ['task', 'notification', 'analytics', 'gateway'] : ['task', 'gateway'];
  const { postgres, scope, bus, broker, folder } = rig;
  const prefix = all ? 'all' : 'two';
  const ports = await freePorts(apps.length);
  const urlOf = (app: string) => `http://127.0.0.1:${ports[apps.indexOf(app)]}`;
  const secret = () => randomBytes(32).toString('hex');
  const shared: NodeJS.ProcessEnv = {
    ...{ NODE_ENV: 'production', LOG_LEVEL: 'warn', BUS: bus },
    ...(bus !== 'postgres' && { ...brokerSettings(bus, broker), BUS_PREFIX: `${prefix}.` }),
    ...(bus === 'postgres' && { BUS_DATABASE_URL: postgres.url(`${prefix}_bus`) }),
    ...{ INTERNAL_TOKEN: secret(), OPERATION_SECRET: secret(), WEBHOOK_KEY: secret(), MAILBOX: 'off' },
    ...{ RATE_LIMIT_IP: '1000000000', RATE_LIMIT_USER: '1000000000' },
    ...{ OTEL_EXPORTER_OTLP_ENDPOINT: rig.spans },
    ...{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' },
    ...Object.fromEntries(apps.map((app) => [`${app.toUpperCase()}_URL`, urlOf(app)])),
    AUTH_URL: rig.auth.url,
    ...rig.settings,
  };
  const pids: number[] = [];
  for (const [index, app] of apps.entries()) {
    const env = { ...shared, PORT: String(ports[index]), DATABASE_URL: postgres.url(`${prefix}_${app}`) };
    const file = `apps/${app}/dist/main.js`;
    const program = startProgram(scope, { name: `${prefix}-${app}`, file, env, folder, node: rig.node });
    await answers(program, `${urlOf(app)}/health/ready`);
    pids.push(program.child.pid ?? 0);
  }
  return {
    name,
    url: urlOf('gateway'),
    database: postgres.url(`${prefix}_task`),
    gateway: pids.pop() ?? 0,
    services: pids,
  };
}

/** One of the two peers: a front and a service, each in its process. */
export async function startPeer(rig: Rig, name: 'nest' | 'minimal'): Promise<Contender> {
  const { scope, folder, bus, broker } = rig;
  const database = await rig.postgres.create(`${name}_task`);
  await applyMigrations(database);
  const [port = 0] = await freePorts(1);
  const env = {
    ...{
      NODE_ENV: 'production',
      BUS: bus,
      DATABASE_URL: database,
      PORT: String(port),
      AUTH_URL: rig.auth.url,
    },
    ...(bus === 'kafka' ? { KAFKA_BROKERS: broker } : { RABBITMQ_URL: broker }),
    ...{
      KAFKAJS_NO_PARTITIONER_WARNING: '1',
      TSX_TSCONFIG_PATH: join(import.meta.dirname, '../../tsconfig.json'),
    },
  };
  const start = (part: 'task' | 'gateway') => {
    const file = `bench/command-path/${name}-${part}.ts`;
    // Nest's decorators are more than Node strips by itself.
    const node = [...rig.node, '--no-warnings', '--import', import.meta.resolve('tsx')];
    return startProgram(scope, { name: `${name}-${part}`, file, env, folder, node });
  };
  const [task, gateway] = [start('task'), start('gateway')];
  await messageOf(task);
  await answers(gateway, `http://127.0.0.1:${port}/health/ready`);
  const pids = { gateway: gateway.child.pid ?? 0, services: [task.child.pid ?? 0] };
  return { name, url: `http://127.0.0.1:${port}`, database, ...pids };
}
