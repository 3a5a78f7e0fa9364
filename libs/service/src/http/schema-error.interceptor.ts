import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { catchError } from 'rxjs';
import { z } from 'zod';
import { ProblemError } from './problem-error.js';
import { faultsOf } from './schema-faults.js';

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
