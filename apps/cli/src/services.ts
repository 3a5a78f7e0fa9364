import { CliError } from './cli-error.js';

/** Services with an internal API for operators, and where they listen unless their setting says otherwise. */
export const SERVICES = {
  auth: { setting: 'AUTH_URL', url: 'http://127.0.0.1:5001' },
  task: { setting: 'TASK_URL', url: 'http://127.0.0.1:5002' },
  notification: { setting: 'NOTIFICATION_URL', url: 'http://127.0.0.1:5003' },
  analytics: { setting: 'ANALYTICS_URL', url: 'http://127.0.0.1:5004' },
} as const;

export type Service = keyof typeof SERVICES;
export const SERVICE_NAMES = Object.keys(SERVICES) as Service[];

export function serviceNamed(name: string): Service {
  const service = SERVICE_NAMES.find((one) => one === name);
  if (service) return service;
  throw new CliError(`there is no service "${name}": use ${SERVICE_NAMES.join(', ')}`);
}
