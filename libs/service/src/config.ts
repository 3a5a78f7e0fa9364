import { readFileSync } from 'node:fs';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const postgresUrl = z.url({
  protocol: /^postgres(ql)?$/,
  error: 'must be a URL such as postgresql://user:password@host:5432/database',
});
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be a URL such as http://127.0.0.1:5001' });
const milliseconds = z.coerce.number().int().min(50).max(600_000);

/** The drivers that are built in. */
const BUSES = ['postgres', 'rabbitmq', 'kafka', 'memory'] as const;

/** Settings that every service has. */
export const CommonConfig = z.object({
  NODE_ENV: z.enum(['development', 'production', 'test']).default('development'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: port.optional(),
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
  KAFKA_BROKERS: z
    .string()
    .regex(/^[\w.-]+:\d+(,[\w.-]+:\d+)*$/, 'must be host:port, or several separated by commas')
    .default('127.0.0.1:9092'),
  KAFKA_CLIENT: z.enum(['platformatic', 'kafkajs']).default('platformatic'),
  KAFKA_TLS: z.stringbool().default(false),
  KAFKA_SASL_MECHANISM: z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']).default('SCRAM-SHA-512'),
  KAFKA_USERNAME: z.string().min(1).optional(),
  KAFKA_PASSWORD: z.string().default(''),
  /** As BUS_TTL_MS, for Kafka, whose brokers allow 6 s and more. */
  KAFKA_SESSION_MS: milliseconds.default(10_000),
  /** After this long without a heartbeat an instance's partitions are taken over. Its heartbeat is a third of it. */
  BUS_TTL_MS: milliseconds.default(3_000),
  /** How long a dead instance's outbox waits for another one to send it. */
  RELAY_LEASE_MS: milliseconds.default(6_000),
  /** Most dead letters of one subscriber that a replay makes due in a second. */
  REPLAY_PER_SECOND: z.coerce.number().min(0.01).max(10_000).default(20),
  DATABASE_URL: postgresUrl.optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  /** Shared by the processes of the platform; at least 32 characters, for example from `openssl rand -hex 32`. */
  INTERNAL_TOKEN: z.string().min(32),
  AUTH_URL: httpUrl.default('http://127.0.0.1:5001'),
  TASK_URL: httpUrl.default('http://127.0.0.1:5002'),
  NOTIFICATION_URL: httpUrl.default('http://127.0.0.1:5003'),
  ANALYTICS_URL: httpUrl.default('http://127.0.0.1:5004'),
});
export type CommonConfig = z.output<typeof CommonConfig>;

/** Which bus, and where. */
const BusConfig = CommonConfig.pick({
  BUS: true,
  BUS_PREFIX: true,
  BUS_DATABASE_URL: true,
  BUS_TTL_MS: true,
  RABBITMQ_URL: true,
  KAFKA_BROKERS: true,
  KAFKA_CLIENT: true,
  KAFKA_TLS: true,
  KAFKA_SASL_MECHANISM: true,
  KAFKA_USERNAME: true,
  KAFKA_PASSWORD: true,
  KAFKA_SESSION_MS: true,
});
export type BusConfig = z.output<typeof BusConfig>;

/** The settings of the bus alone; throws a ConfigError as `readConfig` does. */
export function readBusConfig(env: NodeJS.ProcessEnv): BusConfig {
  const faults: string[] = [];
  const values = withFiles(env, namesOf(BusConfig), faults);
  const parsed = BusConfig.safeParse(values);
  faults.push(...(parsed.error?.issues ?? []).map((issue) => faultOf(issue, values)));
  if (faults.length > 0 || !parsed.success) throw unusable(faults);
  return parsed.data;
}

/** The environment can't be used; the message names every bad variable, never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** What of a service decides which settings it has. */
export interface Configured<Config> {
  readonly config: z.ZodType<Config>;
  readonly database?: unknown;
}

/**
 * Parses the common settings and a service's own, once. A setting may stand in a file instead: `NAME_FILE` (its line end
 * is cut off). Empty variables count as unset, as in a compose file. Throws one ConfigError that lists everything wrong.
 */
export function readConfig<Config>(
  { config: own, database }: Configured<Config>,
  env: NodeJS.ProcessEnv,
): CommonConfig & Config {
  const faults: string[] = [];
  const values = withFiles(env, [...namesOf(CommonConfig), ...namesOf(own)], faults);
  const common = CommonConfig.safeParse(values);
  const special = own.safeParse(values);
  for (const { error } of [common, special]) {
    faults.push(...(error?.issues ?? []).map((issue) => faultOf(issue, values)));
  }
  const onPostgres = (values.BUS ?? 'postgres') === 'postgres';
  if (onPostgres && values.BUS_DATABASE_URL === undefined)
    faults.push('BUS_DATABASE_URL: is needed with BUS=postgres');
  if (database !== undefined && values.DATABASE_URL === undefined) faults.push('DATABASE_URL: is needed');
  if (faults.length > 0 || !common.success || !special.success) throw unusable(faults);
  return { ...common.data, ...special.data };
}

function unusable(faults: readonly string[]): ConfigError {
  return new ConfigError(
    `these settings can't be used:\n${[...new Set(faults)].map((fault) => `  ${fault}`).join('\n')}`,
  );
}

function faultOf(issue: z.core.$ZodIssue, values: Record<string, string>): string {
  const name = issue.path.join('.');
  return `${name}: ${values[name] === undefined ? 'is needed' : issue.message}`;
}

function namesOf(schema: z.ZodType): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** Only known names: SSL_CERT_FILE and its like are not ours. */
function withFiles(
  env: NodeJS.ProcessEnv,
  names: readonly string[],
  faults: string[],
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && value !== '') values[name] = value;
  for (const name of names) {
    const file = values[`${name}_FILE`];
    if (file === undefined || values[name] !== undefined) continue;
    try {
      values[name] = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      faults.push(`${name}_FILE: its file can't be read (${code ?? 'unreadable'})`);
    }
  }
  return values;
}
