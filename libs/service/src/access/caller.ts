import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Role } from '@taskwire/contracts';
import type { FastifyRequest } from 'fastify';

/** Who calls, from a verified access token. */
export interface Caller {
  readonly userId: string;
  /** Of an API token: its own. */
  readonly sessionId: string;
  readonly roles: readonly Role[];
  /** What an API token may do; of who signed in, undefined: everything. */
  readonly scopes?: readonly string[];
  /** When the token expires. */
  readonly expiresAt: Date;
  /** The token itself, for calls to other services on the caller's behalf. */
  readonly token: string;
}

/** On the request itself: entries of weak maps outlive the request, and cost the garbage collector many times as much. */
const CALLER = Symbol('taskwire.caller');

type Called = FastifyRequest & { [CALLER]?: Caller };

export function setCaller(request: Called, caller: Caller): void {
  request[CALLER] = caller;
}

/** The caller of a request that a route's guard has let in. */
export function callerOf(request: Called): Caller | undefined {
  return request[CALLER];
}

/** Parameter of a `@Route` that isn't public: the verified Caller. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const caller = callerOf(context.switchToHttp().getRequest<FastifyRequest>());
  if (!caller) throw new TypeError('@Caller() on a public route: it has no caller');
  return caller;
});
