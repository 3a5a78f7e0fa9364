import {
  announce,
  type CommandContract,
  DIAGNOSTICS,
  type Requester,
  type RequestResult,
  SendError,
} from '@taskwire/messaging';
import { type Caller, ProblemError } from '@taskwire/service';
import type { CommandEndings } from '../operations/command-endings.js';
import type { OperationKey } from '../operations/operation-id.js';
import type { Operations } from '../operations/operations.js';
import { answerOf } from './answer.js';
import type { Answer, Asker, CommandBinding } from './binding.js';
import { commandId } from './command-id.js';
import { firstSentAt } from './idempotency-key.js';
import { versionFromIfMatch } from './if-match.js';
import { requestHash } from './request-hash.js';

const DEADLINE_MS = 15 * 60 * 1000;

export interface WriteRequest {
  readonly caller: Caller;
  readonly method: string;
  /** The concrete path, without the query. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  /** Validated, with defaults. */
  readonly body: unknown;
  /** As the client sent it. */
  readonly clientBody: unknown;
  readonly ifMatch: string | undefined;
  readonly key: string;
  readonly waitMs: number;
}

/** Turns a write into a command, sends it and answers what became of it, as far as it is known within the wait. */
export class SendCommand {
  constructor(
    private readonly requester: Requester,
    private readonly operations: Operations,
    private readonly endings: CommandEndings,
    private readonly reads: Asker['reads'],
  ) {}

  async execute(binding: CommandBinding, write: WriteRequest): Promise<Answer> {
    const { caller, key } = write;
    const now = new Date();
    const operation: OperationKey = {
      service: binding.route.service,
      subscriber: binding.subscriber,
      owner: caller.userId,
      commandId: commandId(caller.userId, write.method, write.path, key),
      route: binding.key,
      firstSentAt: firstSentAt(key, now),
      deadline: new Date(now.getTime() + DEADLINE_MS),
    };
    const payload = binding.payload({
      params: write.params,
      body: write.body,
      userId: caller.userId,
      commandId: operation.commandId,
      version: versionFromIfMatch(write.ifMatch, binding.route.ifMatch),
    });
    const hash = requestHash({ ...write, body: write.clientBody });
    const result = await this.send(binding.contract, payload, operation, hash, write);
    announce(DIAGNOSTICS.ended, 1);
    return answerOf(result, {
      binding,
      asker: { caller, reads: this.reads },
      location: binding.location?.(payload),
      operation: () => this.operations.pending(operation),
      key,
    });
  }

  private async send(
    contract: CommandContract,
    payload: unknown,
    operation: OperationKey,
    hash: string,
    { caller, waitMs }: WriteRequest,
  ): Promise<RequestResult<unknown>> {
    const startedAt = performance.now();
    try {
      const result = await this.requester.request(contract, payload, {
        id: operation.commandId,
        identity: { actor: caller.userId, roles: caller.roles, session: caller.sessionId },
        waitMs,
        firstSentAt: operation.firstSentAt,
        deadline: operation.deadline,
        requestHash: hash,
      });
      return result.status === 'pending' ? await this.settled(contract, operation, hash, startedAt) : result;
    } catch (error) {
      if (!(error instanceof SendError)) throw error;
      if (error.outcome === 'unknown') return { status: 'unknown' };
      throw new ProblemError('bus_unavailable', undefined, { headers: { 'retry-after': '1' } });
    }
  }

  /** A reply is best effort, the inbox is the truth: it may know the ending of what looks pending. */
  private async settled(
    contract: CommandContract,
    operation: OperationKey,
    hash: string,
    startedAt: number,
  ): Promise<RequestResult<unknown>> {
    try {
      const { status, requestHash, reply, problem, endedAgoMs = 0 } = await this.endings.read(operation);
      if (requestHash !== null && requestHash !== hash) return { status: 'conflict' };
      if (status === 'pending') return { status };
      // Ended before this request began, and so by an earlier one with the same key; in doubt it is not said.
      const repeated = endedAgoMs > performance.now() - startedAt;
      if (status === 'done') return { status, reply: contract.reply.parse(reply), repeated };
      return { status, problem: problem ?? { code: status }, repeated };
    } catch (error) {
      if (error instanceof ProblemError) return { status: 'pending' };
      throw error;
    }
  }
}
