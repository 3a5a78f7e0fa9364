import { type ProblemCode, PROBLEMS, type Route } from '@taskwire/contracts';

/** Also of a body where none belongs: it is read before it is known to whom. */
const EVERYWHERE: readonly ProblemCode[] = [
  'bad_request',
  'request_timeout',
  'body_too_large',
  'unsupported_media_type',
  'headers_too_large',
  'rate_limited',
  'overloaded',
  'internal',
];
const OF_CALLS: readonly ProblemCode[] = ['service_unavailable', 'timeout'];
const OF_COMMANDS: readonly ProblemCode[] = [
  'idempotency_conflict',
  'gone',
  'bus_unavailable',
  'outcome_unknown',
  'failed',
  'expired',
  'cancelled',
];

/** Every problem that a route may answer: its own, and those of its kind. */
export function problemsOf(route: Route): readonly ProblemCode[] {
  const { access = 'user' } = route;
  const checked = route.params !== undefined || route.query !== undefined || route.body !== undefined;
  const problems: readonly ProblemCode[] = [
    ...EVERYWHERE,
    ...(checked ? (['validation_failed'] as const) : []),
    ...(access === 'public' ? [] : (['unauthenticated', 'forbidden'] as const)),
    ...(route.ifMatch === 'required' ? (['if_match_required'] as const) : []),
    ...(route.service === 'gateway' && route.kind === 'local' ? [] : OF_CALLS),
    ...(route.kind === 'command' ? OF_COMMANDS : []),
    ...(route.problems ?? []),
  ];
  return [...new Set(problems)].sort((a, b) => PROBLEMS[a].status - PROBLEMS[b].status);
}
