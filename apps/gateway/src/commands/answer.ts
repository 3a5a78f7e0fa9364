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
  readonly operation: Operation;
  readonly key: string;
}

/** What the client is told of its write. Bad endings are thrown as problems. */
export async function answerOf(result: RequestResult<unknown>, sent: Sent): Promise<Answer> {
  const { binding, operation, key } = sent;
  const operationLocation = { location: `/v1/operations/${operation.id}` };
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
    case 'pending':
      return { status: 202, headers: { ...operationLocation, 'retry-after': '1' }, body: operation };
    case 'unknown':
      throw new ProblemError(
        'outcome_unknown',
        `read the operation in Location, or repeat the request with Idempotency-Key ${key}`,
        { headers: operationLocation },
      );
  }
}

function replayHeader(repeated: boolean): Record<string, string> {
  return repeated ? { 'idempotency-replayed': 'true' } : {};
}
