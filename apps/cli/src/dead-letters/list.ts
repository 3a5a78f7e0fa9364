import { type DeadLetter, DeadLetterPage } from '@taskwire/contracts';
import { apiOf, asJson, type Context, type FilterOptions, filterOf, PATH, servicesOf } from './context.js';
import { ageOf } from './duration.js';
import { table } from './table.js';

export interface ListOptions extends FilterOptions {
  readonly state?: string;
  readonly limit: string;
  readonly after?: string;
  readonly json?: boolean;
}

export async function list(
  context: Context,
  subscriber: string | undefined,
  options: ListOptions,
): Promise<void> {
  const { state, limit, after, json } = options;
  const query = { ...filterOf(subscriber, options), state, limit, after };
  const pages = await Promise.all(
    servicesOf(subscriber, options).map(async (service) => ({
      service,
      ...(await apiOf(service, context).get(PATH, DeadLetterPage, query)),
    })),
  );
  if (json) {
    context.print(asJson(pages));
    return;
  }
  const messages = pages.flatMap((page) => page.messages);
  if (messages.length > 0) for (const line of table(HEADLINE, messages.map(rowOf))) context.print(line);
  for (const { service, counts, next } of pages) {
    context.print(
      `${service}: ${counts.dead} dead, ${counts.retry} to be tried again, ${counts.waiting} waiting`,
    );
    if (next !== null) context.print(`  there are more: --service ${service} --after ${next}`);
  }
}

const HEADLINE = ['SUBSCRIBER', 'ID', 'STATE', 'TYPE', 'KEY', 'ATTEMPTS', 'PARKED', 'REASON'];

function rowOf(letter: DeadLetter) {
  const { subscriber, id, state, type, key, attempts, parkedAt, reason, error, ending } = letter;
  const why = reason === null ? null : `${reason}: ${error ?? ''}`.slice(0, 120);
  return [
    subscriber,
    id,
    ending === null ? state : `${state} (${ending})`,
    type,
    key,
    attempts,
    ageOf(parkedAt),
    why,
  ];
}
