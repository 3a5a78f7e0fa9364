import { ProblemError } from '@taskwire/service';

/** It isn't said what is wrong with it: a browser gets that right, and nobody else has to know. */
export function wrongCredential(): ProblemError {
  const errors = [{ pointer: '/credential', detail: 'answers no challenge that is open, or is not valid' }];
  return new ProblemError('validation_failed', undefined, { errors });
}
