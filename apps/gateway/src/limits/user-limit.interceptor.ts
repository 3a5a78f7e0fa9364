import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { callerOf } from '@taskwire/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Limits } from './limits.js';

/** Counts a request for its user, as soon as the token says who that is. */
@Injectable()
export class UserLimitInterceptor implements NestInterceptor {
  constructor(@Inject(Limits) private readonly limits: Limits) {}

  async intercept(context: ExecutionContext, next: CallHandler) {
    if (context.getType() === 'http') {
      const http = context.switchToHttp();
      const request = http.getRequest<FastifyRequest>();
      const caller = callerOf(request);
      if (caller) await this.limits.checkUser(caller.userId, request, http.getResponse<FastifyReply>());
    }
    return next.handle();
  }
}
