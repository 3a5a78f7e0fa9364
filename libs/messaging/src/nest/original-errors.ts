import { AsyncLocalStorage } from 'node:async_hooks';
import { Catch, type ExceptionFilter } from '@nestjs/common';
import { EXCEPTION_FILTERS_METADATA } from '@nestjs/common/internal';
import { type Observable, throwError } from 'rxjs';

const inBusHandler = new AsyncLocalStorage<true>();

/** Runs a handler of the bus, so that the filter below knows its errors from those of HTTP routes on the same class. */
export function inHandler<T>(work: () => Promise<T>): Promise<T> {
  return inBusHandler.run(true, work);
}

/** Matches every error of a bus handler, and none of an HTTP route. */
abstract class AnyErrorOfTheBus {
  static [Symbol.hasInstance](): boolean {
    return inBusHandler.getStore() === true;
  }
}

/**
 * Nest replaces errors that no filter catches by "Internal server error"; the store must see a Rejection, an
 * InfrastructureError or an SQL error as it was thrown.
 */
@Catch(AnyErrorOfTheBus)
class OriginalErrors implements ExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

const filter = new OriginalErrors();

/**
 * Binds the filter to a class as the first, which Nest asks as the last: filters bound to the class or its methods go
 * first. A microservice has no global filters of its own, so this can't be one.
 */
export function keepOriginalErrors(target: object): void {
  const bound = (Reflect.getOwnMetadata(EXCEPTION_FILTERS_METADATA, target) ?? []) as unknown[];
  if (bound.includes(filter)) return;
  Reflect.defineMetadata(EXCEPTION_FILTERS_METADATA, [filter, ...bound], target);
}
