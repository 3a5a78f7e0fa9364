import type { DynamicModule } from '@nestjs/common';
import { contracts, revocations as revocationsSubscription, subscriptions } from '@taskwire/contracts';
import { Bus, BusServer, topologyOf } from '@taskwire/messaging';
import { createOutbox, prismaExecutor } from '@taskwire/outbox';
import { createLogger, type Logger, startTelemetry } from '@taskwire/telemetry';
import { AccessTokenVerifier } from './access/access-token-verifier.js';
import { PublishedKeys } from './access/published-keys.js';
import { Revocations } from './access/revocations.js';
import { ServiceClients } from './clients/service-clients.js';
import { type CommonConfig, ConfigError, readConfig } from './config.js';
import type { RunningService, ServiceContext, ServiceDefinition } from './definition.js';
import { createDriver } from './driver.js';
import { type HealthCheck, serveHealth } from './health.js';
import { createHttpApp } from './http-server.js';
import { migrate } from './migrate.js';
import { OperationsController } from './operations.controller.js';
import { CONFIG, DATABASE, LOGGER, OUTBOX_STORE } from './tokens.js';

/** The whole shutdown; each part gets what the ones before left. */
const SHUTDOWN_MS = 10_000;

/**
 * Starts a service: settings, telemetry, database, bus, HTTP server, consumers, relay. Rejects when a part can't be
 * started, with what was started closed again; a ConfigError lists every bad setting.
 */
export async function startService<Config, Database>(
  definition: ServiceDefinition<Config, Database>,
  env: NodeJS.ProcessEnv,
): Promise<RunningService> {
  const closers: (() => Promise<void>)[] = [];
  const close = once(async () => {
    for (const step of closers.reverse()) await step();
  });
  try {
    return { name: definition.name, url: await start(definition, env, closers), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Adds a closer after each part that needs one; they run in reverse. */
async function start<Config, Database>(
  definition: ServiceDefinition<Config, Database>,
  env: NodeJS.ProcessEnv,
  closers: (() => Promise<void>)[],
): Promise<string> {
  const { name } = definition;
  const config = readConfig(definition, env);
  startTelemetry({ service: `taskwire-${name}`, env });
  const log = createLogger({ service: name, env });
  const busLog = { warn: logAt(log, 'warn'), error: logAt(log, 'error') };

  const store = definition.database && (await openStore(name, definition.database, config));
  if (store) closers.push(store.close);

  const driver = createDriver(config, log);
  const topology = topologyOf(contracts, subscriptions);
  const bus = new Bus({ driver, topology, log: (level, message, fields) => log[level](fields, message) });
  closers.push(() => bus.close(SHUTDOWN_MS));
  await bus.start();

  const outbox =
    store &&
    createOutbox({
      executor: prismaExecutor(store.client),
      driver,
      source: `/taskwire/${name}`,
      listenUrl: store.url,
      log: busLog,
      relay: relayTimes(config.RELAY_LEASE_MS),
    });
  if (outbox) closers.push(() => outbox.stop());

  const { AUTH_URL: auth, TASK_URL: task, NOTIFICATION_URL: notification, ANALYTICS_URL: analytics } = config;
  const services = new ServiceClients({ auth, task, notification, analytics }, config.INTERNAL_TOKEN);
  const revocations = new Revocations(services, log);
  const tokens = new AccessTokenVerifier(new PublishedKeys(services), revocations);
  closers.push(async () => {
    await revocations.stop();
    await services.close();
  });

  const context = { name, config, log, bus, services, tokens, db: store?.client, outbox: outbox?.store };
  const app = await createHttpApp(
    name,
    rootModule(definition, context as ServiceContext<Config, Database>),
    log,
  );
  closers.push(() => app.close());
  const broadcasts = definition.broadcasts ?? [];
  app.connectMicroservice({
    strategy: new BusServer({
      bus,
      subscriptions: [...definition.groups, ...broadcasts],
      ...(outbox && { store: outbox.store }),
    }),
  });
  await definition.http?.(app, context as ServiceContext<Config, Database>);
  serveHealth(app.getHttpAdapter().getInstance(), name, {
    bus: async () => {
      const health = await bus.health();
      return health.up ? null : (health.detail ?? 'not reachable');
    },
    ...(store && { database: store.check }),
    revocations: () => Promise.resolve(revocations.complete ? null : 'auth has not answered yet'),
  });

  await bus.listen(revocationsSubscription, {
    receive: ({ payload }) => {
      revocations.add((payload as { sessionId: string }).sessionId);
    },
    resync: () => {},
  });
  await app.startAllMicroservices();
  await outbox?.start();
  await app.listen({ port: config.PORT ?? definition.port, host: config.HOST });
  revocations.start();
  const url = await app.getUrl();
  log.info({ url }, 'ready to serve');
  return url;
}

function rootModule<Config, Database>(
  definition: ServiceDefinition<Config, Database>,
  service: ServiceContext<Config, Database>,
): DynamicModule {
  const shared = [
    { provide: CONFIG, useValue: service.config },
    { provide: LOGGER, useValue: service.log },
    { provide: DATABASE, useValue: service.db },
    { provide: OUTBOX_STORE, useValue: service.outbox },
    { provide: Bus, useValue: service.bus },
    { provide: ServiceClients, useValue: service.services },
    { provide: AccessTokenVerifier, useValue: service.tokens },
  ];
  class ServiceModule {}
  return {
    module: ServiceModule,
    global: true,
    imports: [definition.module(service)],
    controllers: service.outbox === undefined ? [] : [OperationsController],
    providers: shared,
    exports: shared,
  };
}

async function openStore<Database>(
  name: string,
  definition: NonNullable<ServiceDefinition<object, Database>['database']>,
  config: CommonConfig,
) {
  const url = config.DATABASE_URL;
  if (url === undefined)
    throw new ConfigError(`these settings can't be used:\n  DATABASE_URL: is needed by ${name}`);
  await migrate(url, definition.migrations);
  const { client, close } = definition.open(url);
  const check: HealthCheck = async () => {
    await client.$queryRawUnsafe('select 1');
    return null;
  };
  return { url, client, close, check };
}

/** Proportions of the defaults: renewed three times in a lease, stopped a sixth of it early. */
function relayTimes(leaseMs: number) {
  return { leaseMs, renewMs: Math.floor(leaseMs / 3), marginMs: Math.floor(leaseMs / 6) };
}

function logAt(log: Logger, level: 'warn' | 'error') {
  return (message: string, fields: Readonly<Record<string, unknown>> = {}) => log[level](fields, message);
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= work());
}
