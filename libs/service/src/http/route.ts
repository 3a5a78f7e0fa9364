import {
  applyDecorators,
  Header,
  HttpCode,
  RequestMapping,
  RequestMethod,
  SetMetadata,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import type { Deprecated, Method, Route as RouteContract } from '@taskwire/contracts';
import { CallerGuard } from '../access/caller.guard.js';
import { InternalGuard } from '../access/internal.guard.js';
import { OperatorGuard } from '../access/operator.guard.js';
import { ROUTE } from './route-metadata.js';
import { SchemaErrorInterceptor } from './schema-error.interceptor.js';
import { ValidationGuard } from './validation.guard.js';

export { Body, Param as Params, Query } from '@nestjs/common';

const METHODS: Readonly<Record<Method, RequestMethod>> = {
  GET: RequestMethod.GET,
  POST: RequestMethod.POST,
  PUT: RequestMethod.PUT,
  PATCH: RequestMethod.PATCH,
  DELETE: RequestMethod.DELETE,
};

/**
 * Serves a route of the contracts: its method, path and status; the caller's token unless it is public; parameters, query
 * and body as its schemas say, else `validation_failed`. `@Params()`, `@Query()` and `@Body()` give the parsed values.
 */
export function Route(contract: RouteContract): MethodDecorator {
  return applyDecorators(
    RequestMapping({ method: METHODS[contract.method], path: contract.path.replaceAll(/\{(\w+)\}/g, ':$1') }),
    HttpCode(contract.success.status),
    SetMetadata(ROUTE, contract),
    ...(contract.deprecated ? deprecation(contract.deprecated) : []),
    UseGuards(...(contract.access === 'public' ? [] : [CallerGuard]), ValidationGuard),
  );
}

/** `Deprecation` (RFC 9745), `Sunset` (RFC 8594), and where to read about both. */
function deprecation({ since, sunset, link }: Deprecated): MethodDecorator[] {
  return [
    Header('deprecation', `@${Math.floor(since.getTime() / 1_000)}`),
    Header('sunset', sunset.toUTCString()),
    Header('link', `<${link}>; rel="deprecation", <${link}>; rel="sunset"`),
  ];
}

/** Serves a path for other processes of the platform only: demands `Authorization: Bearer <INTERNAL_TOKEN>`. */
export function InternalRoute(method: Method, path: string): MethodDecorator {
  return applyDecorators(
    RequestMapping({ method: METHODS[method], path }),
    HttpCode(200),
    UseGuards(InternalGuard),
    UseInterceptors(SchemaErrorInterceptor),
  );
}

/** Serves a path for operators: demands the access token of one, or `Authorization: Bearer <INTERNAL_TOKEN>`. */
export function OperatorRoute(method: Method, path: string): MethodDecorator {
  return applyDecorators(
    RequestMapping({ method: METHODS[method], path }),
    HttpCode(200),
    UseGuards(OperatorGuard),
    UseInterceptors(SchemaErrorInterceptor),
  );
}
