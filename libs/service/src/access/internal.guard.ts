import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CONFIG } from '../tokens.js';
import type { CommonConfig } from '../config.js';
import { ProblemError } from '../http/problem-error.js';
import { internalTokenCheck } from './internal-token.js';

/** Lets in the other processes of the platform, by the token that they share. */
@Injectable()
export class InternalGuard implements CanActivate {
  readonly #isInternal: (authorization: string | undefined) => boolean;

  constructor(@Inject(CONFIG) config: CommonConfig) {
    this.#isInternal = internalTokenCheck(config.INTERNAL_TOKEN);
  }

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (this.#isInternal(request.headers.authorization)) return true;
    throw new ProblemError('unauthenticated', 'this path is for the services of the platform');
  }
}
