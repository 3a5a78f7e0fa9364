import { currentTraceId } from '@taskwire/telemetry';
import type { FastifyRequest } from 'fastify';

/** What has to be kept of a request until it is answered. */
export interface RequestFacts {
  readonly startedAt: number;
  readonly traceId: string | undefined;
  /** The route's pattern as the contracts write it; never the path, which holds ids. */
  readonly route: string;
  /** The body as the client sent it: validation puts its own in its place. */
  clientBody?: unknown;
  /** It is answered, or its client has gone. */
  isOver?: boolean;
  /** Gives back the place that it has taken. */
  leave?: () => void;
  /** Who asks, where a ticket or the handler itself says so, and no guard. */
  userId?: string;
}

const FACTS = Symbol('taskwire.facts');
const UNMATCHED = '(unmatched)';

type Known = FastifyRequest & { [FACTS]?: RequestFacts };

export function factsOf(request: Known): RequestFacts {
  return (request[FACTS] ??= {
    startedAt: performance.now(),
    traceId: currentTraceId(),
    route: patternOf(request.routeOptions.url),
  });
}

function patternOf(url: string | undefined): string {
  return url === undefined || url === '*' ? UNMATCHED : url.replace(/:(\w+)/g, '{$1}');
}
