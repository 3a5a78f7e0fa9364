import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { ProblemBody } from '@taskwire/contracts';
import type { FastifyRequest } from 'fastify';
import { catchError } from 'rxjs';
import { z } from 'zod';
import { ProblemError } from './problem-error.js';
import { routeOf } from './route-metadata.js';

type Fault = NonNullable<ProblemBody['errors']>[number];

const NO_QUERY = z.strictObject({});

/** Replaces parameters, query and body by what their schemas made of them; all faults are told at once. */
@Injectable()
export class ValidationInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
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
    return next.handle();
  }
}

/** The query as its schema makes it, for handlers without the interceptor; throws `validation_failed`. */
export function checkedQuery<Schema extends z.ZodType>(schema: Schema, query: unknown): z.output<Schema> {
  const { data, faults } = checked(schema, query, '/query');
  if (faults.length > 0) throw new ProblemError('validation_failed', undefined, { errors: faults });
  return data as z.output<Schema>;
}

function checked(schema: z.ZodType, value: unknown, at: string): { data: unknown; faults: Fault[] } {
  const result = schema.safeParse(value);
  if (result.success) return { data: result.data, faults: [] };
  return { data: value, faults: result.error.issues.flatMap((issue) => faultsOf(issue, at)) };
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
