import type { ExecutionContext } from '@nestjs/common';
import type { Route } from '@taskwire/contracts';

/** Key of a handler's metadata that holds its route's contract. */
export const ROUTE = 'taskwire.route';

export function routeOf(context: ExecutionContext): Route {
  return Reflect.getMetadata(ROUTE, context.getHandler()) as Route;
}
