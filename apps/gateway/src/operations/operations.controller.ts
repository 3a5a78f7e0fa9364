import { Controller, Inject, Res } from '@nestjs/common';
import { type Operation, operationRoutes } from '@taskwire/contracts';
import { Caller, Params, Route } from '@taskwire/service';
import type { FastifyReply } from 'fastify';
import { Operations } from './operations.js';

@Controller()
export class OperationsController {
  constructor(@Inject(Operations) private readonly operations: Operations) {}

  @Route(operationRoutes.get)
  async get(
    @Params() { id }: { id: string },
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Operation> {
    const operation = await this.operations.get(id, caller);
    if (operation.status === 'pending') reply.header('retry-after', '1');
    return operation;
  }

  @Route(operationRoutes.cancel)
  cancel(@Params() { id }: { id: string }, @Caller() caller: Caller): Promise<Operation> {
    return this.operations.cancel(id, caller);
  }
}
