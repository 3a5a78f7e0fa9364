import { type CommandEnding, type Operation, PROBLEMS, type ProblemBody } from '@taskwire/contracts';
import { type Caller, ProblemError } from '@taskwire/service';
import { currentTraceId } from '@taskwire/telemetry';
import type { Asker } from '../commands/binding.js';
import { bindingOf } from '../commands/bindings.js';
import type { CommandEndings } from './command-endings.js';
import { endingProblem } from './ending-problem.js';
import type { OperationIds, OperationKey } from './operation-id.js';

/** As long as inboxes remember endings. */
const KNOWN_FOR_MS = 7 * 24 * 60 * 60 * 1000;

/** Operations as clients see them: what became of a command, under a signed id. */
export class Operations {
  constructor(
    private readonly ids: OperationIds,
    private readonly endings: CommandEndings,
    private readonly reads: Asker['reads'],
  ) {}

  async get(id: string, caller: Caller): Promise<Operation> {
    const key = this.open(id, caller);
    return this.describe(key, await this.endings.read(key), caller);
  }

  async cancel(id: string, caller: Caller): Promise<Operation> {
    const key = this.open(id, caller);
    return this.describe(key, await this.endings.cancel(key), caller);
  }

  pending(key: OperationKey): Operation {
    return { id: this.ids.sign(key), status: 'pending', expiresAt: expiryOf(key).toISOString() };
  }

  private open(id: string, caller: Caller): OperationKey {
    const key = this.ids.verify(id);
    if (key === undefined || key.owner !== caller.userId) throw new ProblemError('not_found');
    if (expiryOf(key).getTime() <= Date.now()) {
      throw new ProblemError('gone', 'operations are known for 7 days');
    }
    return key;
  }

  private async describe(key: OperationKey, ending: CommandEnding, caller: Caller): Promise<Operation> {
    const { status } = ending;
    const operation = { ...this.pending(key), status };
    if (status === 'pending') return operation;
    if (status !== 'done')
      return { ...operation, problem: problemBody(endingProblem(status, ending.problem)) };
    const binding = bindingOf(key.route);
    if (binding === undefined) return operation;
    const { body, location } = await binding.respond(binding.contract.reply.parse(ending.reply), {
      caller,
      reads: this.reads,
    });
    return {
      ...operation,
      ...(body !== undefined && { result: body }),
      ...(location !== undefined && { location }),
    };
  }
}

function problemBody({ code, detail }: ReturnType<typeof endingProblem>): ProblemBody {
  const { status, title } = PROBLEMS[code];
  return {
    type: `/docs/errors/${code}`,
    title,
    status,
    code,
    ...(detail !== undefined && { detail }),
    traceId: currentTraceId() ?? '',
  };
}

function expiryOf({ firstSentAt }: OperationKey): Date {
  return new Date(firstSentAt.getTime() + KNOWN_FOR_MS);
}
