import { Controller, Inject, Req, Res } from '@nestjs/common';
import { type Operation, operationRoutes } from '@taskwire/contracts';
import { Caller, Params, Route } from '@taskwire/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bodyEtag } from '../reads/body-etag.js';
import { answerConditionally } from '../reads/conditional-answer.js';
import { Operations } from './operations.js';

@Controller()
export class OperationsController {
  constructor(@Inject(Operations) private readonly operations: Operations) {}

  @Route(operationRoutes.get)
  async get(
    @Params() { id }: { id: string },
    @Caller() caller: Caller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Operation | undefined> {
    const operation = await this.operations.get(id, caller);
    if (operation.status === 'pending') reply.header('retry-after', '1');
    // The trace is that of this request; what became of the command is the same.
    const { traceId: _, ...problem } = operation.problem ?? {};
    return answerConditionally(operation, bodyEtag({ ...operation, problem }), request, reply);
  }

  @Route(operationRoutes.cancel)
  cancel(@Params() { id }: { id: string }, @Caller() caller: Caller): Promise<Operation> {
    return this.operations.cancel(id, caller);
  }
}
