import { Inject, Injectable } from '@nestjs/common';
import { ProblemError } from '@taskwire/service';
import { factsOf } from '../http/request-facts.js';
import { type RouteCall, routeController } from '../http/route-controller.js';
import { routeKey } from './binding.js';
import { bindingOf, bindings } from './bindings.js';
import { idempotencyKey } from './idempotency-key.js';
import { preferenceOf } from './prefer.js';
import { SendCommand } from './send-command.js';

/** Answers the routes that are commands. */
@Injectable()
export class CommandAnswers {
  constructor(@Inject(SendCommand) private readonly sendCommand: SendCommand) {}

  async answer({ route, request, reply, params, body, caller }: RouteCall): Promise<unknown> {
    const binding = bindingOf(routeKey(route));
    if (binding === undefined || caller === undefined) throw new ProblemError('internal');
    const { waitMs, applied } = preferenceOf(header(request.headers.prefer));
    const answer = await this.sendCommand.execute(binding, {
      caller,
      method: route.method,
      path: pathOf(request.url),
      params,
      body,
      clientBody: factsOf(request).clientBody,
      ifMatch: request.headers['if-match'],
      key: idempotencyKey(header(reply.getHeader('idempotency-key'))),
      waitMs,
    });
    reply.status(answer.status).headers(answer.headers);
    if (applied !== undefined) reply.header('preference-applied', applied);
    return answer.body;
  }
}

export const CommandsController = routeController(
  CommandAnswers,
  bindings.map(({ route }) => route),
);

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? url;
}

function header(value: string | string[] | number | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value?.toString();
}
