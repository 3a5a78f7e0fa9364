import { lookup, Resolver } from 'node:dns/promises';
import type { Resolve } from './targets.js';

const LIMIT_MS = 3_000;

/** Asks DNS itself: the system's own look-up holds one of the process's few threads for as long as a name server likes. */
export const resolveByDns: Resolve = async (host) => {
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  const timer = setTimeout(() => resolver.cancel(), LIMIT_MS);
  try {
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  } finally {
    clearTimeout(timer);
  }
};

/** As the system does, with the names that only this machine knows. */
export const resolveLocally: Resolve = async (host) => {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
};
