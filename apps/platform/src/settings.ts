import { resolve } from 'node:path';
import { z } from 'zod';
import { StartError } from './start-error.js';

const port = (standard: number): z.ZodDefault<z.ZodCoercedNumber> =>
  z.coerce.number().int().min(1).max(65_535).default(standard);

const database = z.url({ protocol: /^postgres(ql)?$/ }).optional();

const Environment = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  TASKWIRE_DATA: z.string().min(1).default('.taskwire'),
  GATEWAY_PORT: port(3000),
  AUTH_PORT: port(5001),
  TASK_PORT: port(5002),
  NOTIFICATION_PORT: port(5003),
  ANALYTICS_PORT: port(5004),
  AUTH_DATABASE_URL: database,
  TASK_DATABASE_URL: database,
  NOTIFICATION_DATABASE_URL: database,
  ANALYTICS_DATABASE_URL: database,
  BUS_DATABASE_URL: database,
});

export const names = ['auth', 'task', 'notification', 'analytics', 'gateway'] as const;
export type Name = (typeof names)[number];
export const stores = ['auth', 'task', 'notification', 'analytics', 'bus'] as const;
export type Store = (typeof stores)[number];

export interface Settings {
  host: string;
  dataFolder: string;
  ports: Record<Name, number>;
  /** Databases that the environment names; the others are on the embedded PostgreSQL. */
  databases: Partial<Record<Store, string>>;
}

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const result = Environment.safeParse(env);
  if (!result.success) {
    const bad = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new StartError(`These settings can't be used: ${bad.join('; ')}.`);
  }
  const { data } = result;
  return {
    host: data.HOST,
    dataFolder: resolve(data.TASKWIRE_DATA),
    ports: {
      gateway: data.GATEWAY_PORT,
      auth: data.AUTH_PORT,
      task: data.TASK_PORT,
      notification: data.NOTIFICATION_PORT,
      analytics: data.ANALYTICS_PORT,
    },
    databases: {
      auth: data.AUTH_DATABASE_URL,
      task: data.TASK_DATABASE_URL,
      notification: data.NOTIFICATION_DATABASE_URL,
      analytics: data.ANALYTICS_DATABASE_URL,
      bus: data.BUS_DATABASE_URL,
    },
  };
}
