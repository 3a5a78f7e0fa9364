import { DiscardedLetter } from '@taskwire/contracts';
import { apiOf, type Context, PATH, serviceOf, type ServiceOption } from './context.js';
import { plain } from './table.js';

/** One after the other: the first that fails ends it, and what was done before it was told. */
export async function discard(
  context: Context,
  subscriber: string,
  ids: readonly string[],
  options: ServiceOption & { readonly reason: string },
): Promise<void> {
  const api = apiOf(serviceOf(subscriber, options), context);
  for (const id of ids) {
    await api.ask(`${PATH}/discard`, { subscriber, id, reason: options.reason }, DiscardedLetter);
    context.print(`${plain(id)} is discarded: it will never run, and what waited behind it goes on.`);
  }
}
