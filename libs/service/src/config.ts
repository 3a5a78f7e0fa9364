import { z } from 'zod';
import { certificates, host, httpUrl, httpUrls, port, postgresUrl } from './settings/fields.js';
import { ConfigError, type Fault, namesOf, oncePerName, parseSettings } from './settings/parse.js';
import { valuesOf } from './settings/values.js';

export { ConfigError } from './settings/parse.js';

const milliseconds = z.coerce.number().int().min(50).max(600_000);

/** The drivers that are built in. */
const BUSES = ['postgres', 'rabbitmq', 'kafka', 'memory'] as const;

/** Settings that every service has. */
export const CommonConfig = z.object({
  NODE_ENV: z.enum(['development', 'production', 'test']).default('development'),
  HOST: host,
  PORT: port(0).optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  BUS: z.enum(BUSES, `must be one of ${BUSES.join(', ')}`).default('postgres'),
  /** Before every name on RabbitMQ or Kafka, so that several platforms can share a broker. */
  BUS_PREFIX: z
    .string()
    .regex(/^[\w.-]{0,50}$/, 'must be at most 50 letters, digits, dots, dashes and underscores')
    .default(''),
  BUS_DATABASE_URL: postgresUrl.optional(),
  RABBITMQ_URL: z
    .url({ protocol: /^amqps?$/, error: 'must be a URL such as amqp://user:password@host:5672/vhost' })
    .default('amqp://guest:guest@127.0.0.1:5672'),
  /** Where its management plugin is, for `npx taskwire groups`; unless given, 10,000 above the port of RABBITMQ_URL. */
  RABBITMQ_MANAGEMENT_URL: z
    .url({ protocol: /^https?$/, error: 'must be a URL such as http://host:15672' })
    .optional(),
  /** Whose certificates RabbitMQ may show; Node's own authorities unless given. */
  RABBITMQ_CA: certificates.optional(),
  KAFKA_BROKERS: z
    .string()
    .regex(/^[\w.-]+:\d+(,[\w.-]+:\d+)*$/, 'must be host:port, or several separated by commas')
    .default('127.0.0.1:9092'),
  KAFKA_CLIENT: z.enum(['platformatic', 'kafkajs']).default('platformatic'),
  KAFKA_TLS: z.stringbool().default(false),
  /** As RABBITMQ_CA. */
  KAFKA_CA: certificates.optional(),
  KAFKA_SASL_MECHANISM: z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']).default('SCRAM-SHA-512'),
  KAFKA_USERNAME: z.string().min(1).optional(),
  KAFKA_PASSWORD: z.string().default(''),
  /** Copies that must have a message before Kafka confirms it; topics that ask for fewer are refused. Production: 2. */
  KAFKA_MIN_INSYNC_REPLICAS: z.coerce.number().int().min(1).max(100).optional(),
  /** As BUS_TTL_MS, for Kafka, whose brokers allow 6 s and more. */
  KAFKA_SESSION_MS: milliseconds.default(10_000),
  /** After this long without a heartbeat an instance's partitions are taken over. Its heartbeat is a third of it. */
  BUS_TTL_MS: milliseconds.default(3_000),
  /** How long a dead instance's outbox waits for another one to send it. */
  RELAY_LEASE_MS: milliseconds.default(6_000),
  /** Most dead letters of one subscriber that a replay makes due in a second. */
  REPLAY_PER_SECOND: z.coerce.number().min(0.01).max(10_000).default(20),
  DATABASE_URL: postgresUrl.optional(),
  /** Most connections of a service to its store. */
  DATABASE_CONNECTIONS: z.coerce.number().int().min(1).max(1_000).default(10),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: 'must be a URL such as redis://127.0.0.1:6379' })
    .optional(),
  /** Shared by the processes of the platform; at least 32 characters, for example from `openssl rand -hex 32`. */
  INTERNAL_TOKEN: z.string().min(32),
  AUTH_URL: httpUrls.default('http://127.0.0.1:5001'),
  TASK_URL: httpUrls.default('http://127.0.0.1:5002'),
  NOTIFICATION_URL: httpUrls.default('http://127.0.0.1:5003'),
  ANALYTICS_URL: httpUrls.default('http://127.0.0.1:5004'),
  /** Where spans go, by OTLP over HTTP; without it none are recorded. */
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
});
export type CommonConfig = z.output<typeof CommonConfig>;

/** Which bus, and where. */
const BusConfig = CommonConfig.pick({
  NODE_ENV: true,
  BUS: true,
  BUS_PREFIX: true,
  BUS_DATABASE_URL: true,
  BUS_TTL_MS: true,
  RABBITMQ_URL: true,
  RABBITMQ_MANAGEMENT_URL: true,
  RABBITMQ_CA: true,
  KAFKA_BROKERS: true,
  KAFKA_CLIENT: true,
  KAFKA_TLS: true,
  KAFKA_CA: true,
  KAFKA_SASL_MECHANISM: true,
  KAFKA_USERNAME: true,
  KAFKA_PASSWORD: true,
  KAFKA_SESSION_MS: true,
  KAFKA_MIN_INSYNC_REPLICAS: true,
});
export type BusConfig = z.output<typeof BusConfig>;

/** The settings of the bus alone; throws a ConfigError as `readConfig` does. */
export function readBusConfig(env: NodeJS.ProcessEnv): BusConfig {
  const { values, faults } = valuesOf(env, namesOf(BusConfig));
  const parsed = parseSettings(BusConfig, values);
  const all = oncePerName([...faults, ...parsed.faults, ...securityFaults(parsed.data)]);
  if (parsed.data === undefined || all.length > 0) throw ConfigError.of(all);
  return parsed.data;
}

/** Settings that would otherwise protect nothing, unnoticed. */
function securityFaults(config: BusConfig | undefined): Fault[] {
  switch (config?.BUS) {
    case 'rabbitmq': {
      const isForNothing = config.RABBITMQ_CA !== undefined && !config.RABBITMQ_URL.startsWith('amqps:');
      return isForNothing ? [{ name: 'RABBITMQ_CA', text: 'needs amqps: in RABBITMQ_URL' }] : [];
    }
    case 'kafka': {
      const faults: Fault[] = [];
      if (config.KAFKA_CA !== undefined && !config.KAFKA_TLS)
        faults.push({ name: 'KAFKA_CA', text: 'needs KAFKA_TLS=true' });
      if (config.KAFKA_USERNAME === undefined && config.KAFKA_PASSWORD !== '')
        faults.push({ name: 'KAFKA_USERNAME', text: 'is needed with KAFKA_PASSWORD' });
      if (config.KAFKA_USERNAME !== undefined && config.KAFKA_PASSWORD === '')
        faults.push({ name: 'KAFKA_PASSWORD', text: 'is needed with KAFKA_USERNAME' });
      return faults;
    }
    default:
      return [];
  }
}

/** What of a service decides which settings it has. */
export interface Configured<Config> {
  readonly config: z.ZodType<Config>;
  readonly database?: unknown;
}

/** The variables that a service knows. */
export function settingNames({ config }: Configured<unknown>): string[] {
  return [...namesOf(CommonConfig), ...namesOf(config)];
}

/** Parses the common settings and a service's own, and says everything that is wrong with them. */
export function parseConfig<Config>(
  definition: Configured<Config>,
  env: NodeJS.ProcessEnv,
): { config: (CommonConfig & Config) | undefined; faults: Fault[] } {
  const { values, faults } = valuesOf(env, settingNames(definition));
  const common = parseSettings(CommonConfig, values);
  const own = parseSettings(definition.config, values);
  faults.push(...common.faults, ...own.faults, ...securityFaults(common.data));
  const onPostgres = (values.BUS ?? 'postgres') === 'postgres';
  if (onPostgres && values.BUS_DATABASE_URL === undefined)
    faults.push({ name: 'BUS_DATABASE_URL', text: 'is needed with BUS=postgres' });
  if (definition.database !== undefined && values.DATABASE_URL === undefined)
    faults.push({ name: 'DATABASE_URL', text: 'is needed' });
  if (faults.length > 0 || common.data === undefined || own.data === undefined) {
    return { config: undefined, faults: oncePerName(faults) };
  }
  return { config: { ...common.data, ...own.data }, faults };
}

/**
 * The settings of a service, parsed once. A setting may stand in a file instead: `NAME_FILE`. Empty variables count as
 * unset. Throws one ConfigError that lists everything wrong.
 */
export function readConfig<Config>(
  definition: Configured<Config>,
  env: NodeJS.ProcessEnv,
): CommonConfig & Config {
  const { config, faults } = parseConfig(definition, env);
  if (config === undefined) throw ConfigError.of(faults);
  return config;
}
