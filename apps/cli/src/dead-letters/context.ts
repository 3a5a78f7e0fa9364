import { InternalApi, operatorToken } from '../internal-api.js';
import { type Service, SERVICE_NAMES, serviceNamed } from '../services.js';
import { CliError } from '../cli-error.js';
import { secondsOf } from './duration.js';

export const PATH = '/internal/dead-letters';

/** What the commands share: whom to ask, and where to print. */
export interface Context {
  readonly env: NodeJS.ProcessEnv;
  readonly print: (line: string) => void;
}

export interface ServiceOption {
  readonly service?: string;
}

export interface FilterOptions extends ServiceOption {
  readonly type?: string;
  readonly key?: string;
  readonly olderThan?: string;
}

export const apiOf = (service: Service, { env }: Context): InternalApi =>
  new InternalApi(service, env, operatorToken(env));

/** Subscribers are named after the service that has them, as `notification.tasks`. */
export function serviceOf(subscriber: string | undefined, { service }: ServiceOption): Service {
  if (service !== undefined) return serviceNamed(service);
  const found = SERVICE_NAMES.find((name) => subscriber?.startsWith(`${name}.`));
  if (found) return found;
  throw new CliError(
    subscriber === undefined
      ? 'say which: a subscriber such as notification.tasks, or --service'
      : `no service is named in "${subscriber}": add --service ${SERVICE_NAMES.join('|')}`,
  );
}

/** The one that is meant, or all. */
export function servicesOf(subscriber: string | undefined, options: ServiceOption): readonly Service[] {
  if (subscriber === undefined && options.service === undefined) return SERVICE_NAMES;
  return [serviceOf(subscriber, options)];
}

export function filterOf(subscriber: string | undefined, { type, key, olderThan }: FilterOptions) {
  return { subscriber, type, key, ...(olderThan !== undefined && { olderThan: secondsOf(olderThan) }) };
}

export const asJson = (value: unknown): string => JSON.stringify(value, null, 2);
