import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CONFIG } from '../tokens.js';
import type { CommonConfig } from '../config.js';
import { ProblemError } from '../http/problem-error.js';
import { AccessTokenVerifier } from './access-token-verifier.js';
import { callerOf, setCaller } from './caller.js';
import { internalTokenCheck } from './internal-token.js';

/** Lets in who has the role operator, and who has the platform's own token, as the command line does. */
@Injectable()
export class OperatorGuard implements CanActivate {
  readonly #isInternal: (authorization: string | undefined) => boolean;

  constructor(
    @Inject(CONFIG) config: CommonConfig,
    @Inject(AccessTokenVerifier) private readonly tokens: AccessTokenVerifier,
  ) {
    this.#isInternal = internalTokenCheck(config.INTERNAL_TOKEN);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (this.#isInternal(request.headers.authorization)) return true;
    const caller = await this.tokens.verify(request.headers.authorization);
    // No scope allows it to an API token.
    if (!caller.roles.includes('operator') || caller.scopes !== undefined)
      throw new ProblemError('forbidden', 'this needs the role operator');
    setCaller(request, caller);
    return true;
  }
}

/** Parameter of an `@OperatorRoute`: the operator's user id, or `internal token`. */
export const Operator = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const caller = callerOf(context.switchToHttp().getRequest<FastifyRequest>());
  return caller?.userId ?? 'internal token';
});
