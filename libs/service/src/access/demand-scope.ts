import { type Route, scopeOf } from '@taskwire/contracts';
import { ProblemError } from '../http/problem-error.js';
import type { Caller } from './caller.js';

/** Throws `forbidden` where an API token may not go; who signed in may go anywhere. */
export function demandScope({ scopes }: Caller, route: Route): void {
  const scope = scopeOf(route);
  if (scopes === undefined || scope === 'any') return;
  if (scope === null) throw new ProblemError('forbidden', 'API tokens cannot be used here: sign in');
  if (scopes.includes(scope)) return;
  // RFC 6750, 3.1
  const challenge = `Bearer error="insufficient_scope", scope="${scope}"`;
  throw new ProblemError('forbidden', `this needs an API token with the scope ${scope}`, {
    headers: { 'www-authenticate': challenge },
  });
}
