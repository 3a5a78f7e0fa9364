import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { ProblemBody } from '@taskwire/contracts';
import type { FastifyRequest } from 'fastify';
import { catchError } from 'rxjs';
import { z } from 'zod';
import { ProblemError } from './problem-error.js';
import { routeOf } from './route-metadata.js';

type Fault = NonNullable<ProblemBody['errors']>[number];

/** Replaces parameters, query and body by what their schemas made of them; all faults are told at once. */
@Injectable()
export class ValidationInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    const route = routeOf(context);
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const faults: Fault[] = [];
    const check = (schema: z.ZodType | undefined, value: unknown, at: string): unknown => {
      if (!schema) return value;
      const result = schema.safeParse(value ?? {});
      if (result.success) return result.data;
      faults.push(...result.error.issues.flatMap((issue) => faultsOf(issue, at)));
      return value;
    };
    request.params = check(route.params, request.params, '/path');
    request.query = check(route.query, request.query, '/query');
    request.body = check(route.body, request.body, '');
    if (faults.length > 0) throw new ProblemError('validation_failed', undefined, { errors: faults });
    return next.handle();
  }
}

/** For handlers that parse by themselves: a value that doesn't fit its schema is the sender's fault, not ours. */
@Injectable()
export class SchemaErrorInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(
      catchError((error: unknown) => {
        if (!(error instanceof z.ZodError)) throw error;
        const errors = error.issues.flatMap((issue) => faultsOf(issue, ''));
        throw new ProblemError('validation_failed', undefined, { errors, cause: error });
      }),
    );
  }
}

/** RFC 6901 pointers. An unknown field is named itself, not the object that holds it. */
export function faultsOf(issue: z.core.$ZodIssue, at: string): Fault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: pointer(at, [...issue.path, key]),
      detail: 'is not known here',
    }));
  }
  return [{ pointer: pointer(at, issue.path), detail: issue.message }];
}

function pointer(at: string, path: readonly PropertyKey[]): string {
  const parts = path.map((part) => String(part).replaceAll('~', '~0').replaceAll('/', '~1'));
  return [at, ...parts].join('/');
}
