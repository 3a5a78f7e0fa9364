import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { contracts, revocations as revocationsSubscription, subscriptions } from '@taskwire/contracts';
import { Bus, BusServer, demandHealthy, topologyOf } from '@taskwire/messaging';
import type { Outbox } from '@taskwire/outbox';
import { createLogger, type Logger, startTelemetry } from '@taskwire/telemetry';
import { brokerReached } from './bus/broker-reached.js';
import { AccessTokenVerifier } from './access/access-token-verifier.js';
import { PublishedKeys } from './access/published-keys.js';
import { Revocations } from './access/revocations.js';
import { ServiceClients } from './clients/service-clients.js';
import { type CommonConfig, readConfig } from './config.js';
import type { RunningService, ServiceContext, ServiceDefinition } from './definition.js';
import { createDriver } from './bus/driver.js';
import { type StartingBus, steadyBus } from './bus/steady-bus.js';
import { definitionFindings } from './doctor/definition-findings.js';
import { Doctor } from './doctor/doctor.js';
import { type HealthCheck, serveHealth } from './health.js';
import { createHttpApp } from './http-server.js';
import { rootModule } from './root-module.js';
import { Shutdown } from './shutdown.js';
import { openStore } from './store.js';

const SHUTDOWN_MS = 10_000;

/**
 * Starts a service: settings, telemetry, database, bus, HTTP server, relay, consumers. Rejects when a part can't be
 * started, with what was started closed again; a ConfigError lists every bad setting, a StartRefused what would break a
 * promise.
 */
export async function startService<Config, Database>(
  definition: ServiceDefinition<Config, Database>,
  env: NodeJS.ProcessEnv,
): Promise<RunningService> {
  const { name } = definition;
  const config = readConfig(definition, env);
  // What is logged and traced is set by the environment as it was parsed: an empty variable is none there either.
  const { NODE_ENV, LOG_LEVEL, OTEL_EXPORTER_OTLP_ENDPOINT } = config;
  const parsed = { ...env, NODE_ENV, LOG_LEVEL, OTEL_EXPORTER_OTLP_ENDPOINT };
  const log = createLogger({ service: name, env: parsed });
  const shutdown = new Shutdown(log, SHUTDOWN_MS);
  const close = () => shutdown.run();
  try {
    const telemetry = startTelemetry({ service: `taskwire-${name}`, env: parsed });
    shutdown.add('telemetry', () => telemetry.shutdown());
    return { name, url: await start(definition, config, log, shutdown), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Each part is given to the shutdown before it starts, so that one that starts half-way ends too. */
async function start<Config, Database>(
  definition: ServiceDefinition<Config, Database>,
  config: CommonConfig & Config,
  log: Logger,
  shutdown: Shutdown,
): Promise<string> {
  const { name } = definition;
  const source = `/taskwire/${name}`;
  const ofSettings = definition.findings?.(config) ?? [];
  demandHealthy([...definitionFindings(definition, config), ...ofSettings], (text) => log.warn(text));

  const store = definition.database && (await openStore(definition.database, config, log));
  if (store) shutdown.add('database', store.close);

  const driver = await createDriver(config, (text) => log.warn(text));
  const topology = topologyOf(contracts, subscriptions);
  const bus = new Bus({ driver, topology, source, log: (level, text, fields) => log[level](fields, text) });
  shutdown.add('bus', (leftMs) => bus.close(leftMs));
  const warn = (text: string) => log.warn(text);
  const starting = steadyBus(bus, () => brokerReached(driver, config, warn), warn);
  await starting.start();

  const outbox = store?.outboxOver(driver, source);
  if (outbox) shutdown.add('relay', (leftMs) => outbox.stop(leftMs));

  const services = new ServiceClients(urlsOf(config), config.INTERNAL_TOKEN);
  shutdown.add('clients of services', () => services.close());
  const revocations = new Revocations(services, log);
  shutdown.add('revocations', () => revocations.stop());
  const tokens = new AccessTokenVerifier(new PublishedKeys(services), revocations);

  const parts = { name, config, log, bus, services, tokens, db: store?.client, outbox: outbox?.store };
  const context = parts as ServiceContext<Config, Database>;
  const app = await createHttpApp(
    name,
    rootModule(definition, context, outbox && new Doctor(bus, outbox, ofSettings)),
    log,
    definition.certificate?.(config),
  );
  shutdown.add('requests and consumers', () => app.close());
  await definition.http?.(app, context);
  serveHealth(app.getHttpAdapter().getInstance(), name, {
    shutdown: async () => (shutdown.started ? 'it is shutting down' : null),
    bus: () => busCheck(bus),
    ...(store && { database: store.check }),
    revocations: async () => (revocations.complete ? null : 'auth has not answered yet'),
  });

  await app.init();
  // Before anything is handled: it refuses a database that messages would be lost in.
  await outbox?.start();
  await consume(app, starting, definition, outbox);
  await listenForEndedSessions(starting, revocations);
  await app.listen({ port: config.PORT ?? definition.port, host: config.HOST });
  revocations.start();
  const url = await app.getUrl();
  log.info({ url }, 'ready to serve');
  return url;
}

async function consume(
  app: NestFastifyApplication,
  bus: StartingBus,
  { groups, broadcasts = [] }: Pick<ServiceDefinition, 'groups' | 'broadcasts'>,
  outbox: Outbox | undefined,
): Promise<void> {
  const store = outbox && { store: outbox.store };
  const strategy = new BusServer({ bus, subscriptions: [...groups, ...broadcasts], ...store });
  app.connectMicroservice({ strategy });
  await app.startAllMicroservices();
}

/** Only a hint: what it misses, the next read of the revocations finds. */
async function listenForEndedSessions(bus: StartingBus, revocations: Revocations): Promise<void> {
  await bus.listen(revocationsSubscription, {
    receive: ({ payload }) => {
      revocations.add((payload as { sessionId: string }).sessionId);
    },
    resync: () => {},
  });
}

async function busCheck(bus: Bus): ReturnType<HealthCheck> {
  const { up, detail = 'not reachable' } = await bus.health();
  return up ? null : detail;
}

function urlsOf(config: CommonConfig) {
  return {
    auth: config.AUTH_URL,
    task: config.TASK_URL,
    notification: config.NOTIFICATION_URL,
    analytics: config.ANALYTICS_URL,
  };
}
