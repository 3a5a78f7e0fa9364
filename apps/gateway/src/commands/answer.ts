import type { Operation } from '@taskwire/contracts';
import type { RequestResult } from '@taskwire/messaging';
import { ProblemError } from '@taskwire/service';
import { endingProblem } from '../operations/ending-problem.js';
import type { Answer, Asker, CommandBinding } from './binding.js';

export interface Sent {
  readonly binding: CommandBinding;
  readonly asker: Asker;
  /** Where the thing is that the command makes. */
  readonly location: string | undefined;
  /** Signed where it is told, which most writes never need. */
  readonly operation: () => Operation;
  readonly key: string;
}

/** What the client is told of its write. Bad endings are thrown as problems. */
export async function answerOf(result: RequestResult<unknown>, sent: Sent): Promise<Answer> {
  const { binding, key } = sent;
  switch (result.status) {
    case 'done': {
      const { headers, body } = await binding.respond(result.reply, sent.asker);
      const replayed = replayHeader(result.repeated);
      return { status: binding.route.success.status, headers: { ...headers, ...replayed }, body };
    }
    case 'rejected':
    case 'failed':
    case 'expired':
    case 'cancelled': {
      const { code, detail } = endingProblem(result.status, result.problem);
      const exists = code === 'already_exists' && sent.location !== undefined;
      throw new ProblemError(code, detail, {
        headers: { ...replayHeader(result.repeated), ...(exists && { location: sent.location }) },
      });
    }
    case 'conflict':
      throw new ProblemError('idempotency_conflict');
    case 'too-old':
      throw new ProblemError('gone', 'this Idempotency-Key is older than 7 days: use a new one');
    case 'pending': {
      const operation = sent.operation();
      return { status: 202, headers: { ...locationOf(operation), 'retry-after': '1' }, body: operation };
    }
    case 'unknown':
      throw new ProblemError(
        'outcome_unknown',
        `read the operation in Location, or repeat the request with Idempotency-Key ${key}`,
        { headers: locationOf(sent.operation()) },
      );
  }
}

function locationOf({ id }: Operation): Record<string, string> {
  return { location: `/v1/operations/${id}` };
}

function replayHeader(repeated: boolean): Record<string, string> {
  return repeated ? { 'idempotency-replayed': 'true' } : {};
}
