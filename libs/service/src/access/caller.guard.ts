import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ProblemError } from '../http/problem-error.js';
import { routeOf } from '../http/route-metadata.js';
import { AccessTokenVerifier } from './access-token-verifier.js';
import { setCaller } from './caller.js';

/** Lets in who has a valid access token, and to admin routes only admins. */
@Injectable()
export class CallerGuard implements CanActivate {
  constructor(@Inject(AccessTokenVerifier) private readonly tokens: AccessTokenVerifier) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const caller = await this.tokens.verify(request.headers.authorization);
    if (routeOf(context).access === 'admin' && !caller.roles.includes('admin')) {
      throw new ProblemError('forbidden', 'this needs the role admin');
    }
    setCaller(request, caller);
    return true;
  }
}
