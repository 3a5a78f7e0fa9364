import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ProblemError } from './problem-error.js';
import { routeOf } from './route-metadata.js';
import { checked, type Fault } from './schema-faults.js';

const NO_QUERY = z.strictObject({});

/**
 * Replaces parameters, query and body by what their schemas made of them; all faults are told at once. A guard, since one
 * interceptor makes Nest run the whole route through rxjs, which costs more than the checks.
 */
@Injectable()
export class ValidationGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const route = routeOf(context);
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const faults: Fault[] = [];
    const check = (schema: z.ZodType | undefined, value: unknown, at: string): unknown => {
      if (!schema) return value;
      const { data, faults: found } = checked(schema, value, at);
      faults.push(...found);
      return data;
    };
    request.params = check(route.params, request.params, '/path');
    request.query = check(route.query ?? NO_QUERY, request.query, '/query');
    // No body lacks every field; `null` is a body, and the wrong one.
    if (route.body) request.body = check(route.body, request.body === undefined ? {} : request.body, '');
    if (faults.length > 0) throw new ProblemError('validation_failed', undefined, { errors: faults });
    return true;
  }
}
