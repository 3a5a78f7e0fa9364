import { readFileSync } from 'node:fs';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const postgresUrl = z.url({ protocol: /^postgres(ql)?$/ });
const httpUrl = z.url({ protocol: /^https?$/ });
const milliseconds = z.coerce.number().int().min(50).max(600_000);

/** The drivers that are built in. */
export const BUSES = ['postgres', 'memory'] as const;

/** Settings that every service has. */
export const CommonConfig = z.object({
  NODE_ENV: z.enum(['development', 'production', 'test']).default('development'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: port.optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  BUS: z.enum(BUSES).default('postgres'),
  BUS_DATABASE_URL: postgresUrl.optional(),
  /** After this long without a heartbeat an instance's partitions are taken over. Its heartbeat is a third of it. */
  BUS_TTL_MS: milliseconds.default(3_000),
  /** How long a dead instance's outbox waits for another one to send it. */
  RELAY_LEASE_MS: milliseconds.default(6_000),
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

/** The environment can't be used; the message names every bad variable, never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Parses the common settings and a service's own, once. A variable may stand in a file instead: `NAME_FILE`. Throws one
 * ConfigError that lists everything that is wrong.
 */
export function readConfig<Config>(own: z.ZodType<Config>, env: NodeJS.ProcessEnv): CommonConfig & Config {
  const faults: string[] = [];
  const values = withFiles(env, faults);
  const common = CommonConfig.safeParse(values);
  const special = own.safeParse(values);
  for (const result of [common, special]) {
    for (const issue of result.error?.issues ?? []) faults.push(`${issue.path.join('.')}: ${issue.message}`);
  }
  if (common.success && common.data.BUS === 'postgres' && common.data.BUS_DATABASE_URL === undefined) {
    faults.push('BUS_DATABASE_URL: is needed with BUS=postgres');
  }
  if (faults.length > 0 || !common.success || !special.success) {
    throw new ConfigError(`these settings can't be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  }
  return { ...common.data, ...special.data };
}

/** Empty variables count as unset, as in a compose file. */
function withFiles(env: NodeJS.ProcessEnv, faults: string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === '') continue;
    values[name] = value;
  }
  for (const [name, path] of Object.entries(values)) {
    const target = name.endsWith('_FILE') ? name.slice(0, -'_FILE'.length) : '';
    if (target === '' || values[target] !== undefined) continue;
    try {
      values[target] = readFileSync(path, 'utf8').trim();
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
      faults.push(`${name}: its file can't be read (${reason})`);
    }
  }
  return values;
}
