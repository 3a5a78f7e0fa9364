import type { EditLetterBody } from '@taskwire/contracts';
import { type GroupSubscription, mend, MendError } from '@taskwire/messaging';
import type { DeadLetters } from '@taskwire/outbox';
import { z } from 'zod';
import { ProblemError } from '../http/problem-error.js';
import { faultsOf } from '../http/schema-faults.js';

type Change = z.output<typeof EditLetterBody>;

/** What an operator's payload makes of a parked message; runs under the message's lock. */
export function rewriteTo(
  { payload, type, bodyHash }: Change,
  groups: readonly GroupSubscription[],
): Parameters<DeadLetters['edit']>[2] {
  return (message) => {
    const group = groups.find(({ name }) => name === message.subscriber);
    if (!group) throw invalid('/subscriber', 'this service no longer has it: the message can be discarded');
    if (bodyHash !== undefined && bodyHash !== message.bodyHash) {
      throw new ProblemError('version_conflict', 'somebody else edited this message meanwhile');
    }
    try {
      return mend(group, message, payload, type);
    } catch (error) {
      if (error instanceof MendError) throw invalid(`/${error.field}`, error.message);
      if (!(error instanceof z.ZodError)) throw error;
      const errors = error.issues.flatMap((issue) => faultsOf(issue, '/payload'));
      throw new ProblemError('validation_failed', undefined, { errors, cause: error });
    }
  };
}

function invalid(pointer: string, detail: string): ProblemError {
  return new ProblemError('validation_failed', undefined, { errors: [{ pointer, detail }] });
}
