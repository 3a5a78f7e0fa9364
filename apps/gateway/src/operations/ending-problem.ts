import { PROBLEMS, type ProblemCode } from '@taskwire/contracts';
import type { Ending, Problem } from '@taskwire/messaging';

type BadEnding = Exclude<Ending, 'done'>;

export interface EndingProblem {
  readonly code: ProblemCode;
  readonly detail: string | undefined;
}

const NEW_KEY = 'the same Idempotency-Key answers this again: use a new one';

/** The problem that a command's bad ending is answered as. Only a rejection is the rule's last word; the rest can be tried anew. */
export function endingProblem(status: BadEnding, problem: Problem | null): EndingProblem {
  if (status === 'rejected' && problem !== null && isProblemCode(problem.code)) {
    return { code: problem.code, detail: problem.detail };
  }
  const known = status === 'failed' && problem !== null && isProblemCode(problem.code);
  const code = known ? problem.code : status === 'rejected' ? 'failed' : status;
  const reason = known || problem === null ? problem?.detail : (problem.detail ?? problem.code);
  return { code, detail: [reason, NEW_KEY].filter((part) => part !== undefined).join('; ') };
}

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}
