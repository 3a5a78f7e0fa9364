import { ProblemError } from '@taskwire/service';

/** The same for each reason, so that nothing can be learned by trying. */
export function invalidLink(): ProblemError {
  return new ProblemError('invalid_link');
}
