import { Body, Controller, Inject, Param, Req, Res, type Type } from '@nestjs/common';
import type { Route } from '@taskwire/contracts';
import { Caller, Route as Serves } from '@taskwire/service';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A checked request to a route of the contracts: token, parameters, query and body are as the route demands. */
export interface RouteCall {
  readonly route: Route;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly params: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Undefined on public routes. */
  readonly caller: Caller | undefined;
}

type Answer = (call: RouteCall) => Promise<unknown>;

/** A controller with one method for each route, all of them answered by one provider's `answer`. */
export function routeController(
  provider: Type<{ answer: Answer }>,
  routes: readonly Route[],
): Type<{ readonly provider: { answer: Answer } }> {
  @Controller()
  class RouteController {
    constructor(@Inject(provider) readonly provider: { answer: Answer }) {}
  }
  const { prototype } = RouteController;
  for (const route of routes) {
    const name = `${route.method} ${route.path}`;
    const value = function (
      this: RouteController,
      ...[request, reply, params, body, caller]: [
        FastifyRequest,
        FastifyReply,
        Record<string, string>,
        unknown,
        Caller | undefined,
      ]
    ) {
      return this.provider.answer({ route, request, reply, params, body, caller });
    };
    const descriptor = { value, writable: true, configurable: true };
    Object.defineProperty(prototype, name, descriptor);
    for (const [index, decorate] of [Req(), Res({ passthrough: true }), Param(), Body()].entries()) {
      decorate(prototype, name, index);
    }
    if (route.access !== 'public') Caller()(prototype, name, 4);
    Serves(route)(prototype, name, descriptor);
  }
  return RouteController;
}
