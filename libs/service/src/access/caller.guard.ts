import { type CanActivate, type ExecutionContext, Inject, Injectable, Optional } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from '../http/problem-error.js';
import { routeOf } from '../http/route-metadata.js';
import { AccessTokenVerifier } from './access-token-verifier.js';
import { type Caller, setCaller } from './caller.js';
import { demandScope } from './demand-scope.js';

/** Token of an AdmitCaller that a service's module may provide. */
export const ADMIT_CALLER = Symbol('taskwire.admit-caller');

/** What a service demands of a caller besides, as soon as the token says who it is; throws the problem of who isn't let in. */
export type AdmitCaller = (caller: Caller, request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** Token of an ExchangeCredentials that a service's module may provide. */
export const EXCHANGE_CREDENTIALS = Symbol('taskwire.exchange-credentials');

/** Puts an Authorization header with an access token in the place of one with other credentials. */
export type ExchangeCredentials = (authorization: string | undefined) => Promise<string | undefined>;

/** Lets in who has a valid access token: to admin routes only admins, and API tokens where their scopes allow it. */
@Injectable()
export class CallerGuard implements CanActivate {
  constructor(
    @Inject(AccessTokenVerifier) private readonly tokens: AccessTokenVerifier,
    @Optional() @Inject(ADMIT_CALLER) private readonly admit?: AdmitCaller,
    @Optional() @Inject(EXCHANGE_CREDENTIALS) private readonly exchange?: ExchangeCredentials,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const { authorization } = request.headers;
    const caller = await this.tokens.verify(
      this.exchange ? await this.exchange(authorization) : authorization,
    );
    const route = routeOf(context);
    demandScope(caller, route);
    if (route.access === 'admin' && !caller.roles.includes('admin')) {
      throw new ProblemError('forbidden', 'this needs the role admin');
    }
    setCaller(request, caller);
    await this.admit?.(caller, request, http.getResponse<FastifyReply>());
    return true;
  }
}
