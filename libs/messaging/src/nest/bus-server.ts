import {
  type CustomTransportStrategy,
  type MessageHandler,
  RpcException,
  Server,
} from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import type { Bus } from '../bus.js';
import type { Subscription } from '../contract/subscription.js';
import { checkNames } from '../registry/registry.js';
import { type MessageStore, Rejection } from '../store.js';
import type { ServeOptions } from '../subscriber.js';
import { BINDING, type Binding } from './binding.js';
import { assignHandlers, type BoundHandler } from './assign-handlers.js';
import { inHandler } from './original-errors.js';

export interface BusServerOptions {
  readonly bus: Pick<Bus, 'serve' | 'listen' | 'stopConsuming'>;
  /** What this service receives. Boot fails unless the decorated handlers are exactly what these declare. */
  readonly subscriptions: readonly Subscription[];
  /** Where groups take effect once. May be left out by a service that only hears broadcasts. */
  readonly store?: MessageStore;
  readonly serve?: ServeOptions;
}

/**
 * Serves a Nest application's handlers: `app.connectMicroservice({ strategy: new BusServer({ bus, subscriptions, store }) })`,
 * then `app.startAllMicroservices()`. Closing it leaves the groups; the bus stays open until `bus.close()`.
 */
export class BusServer extends Server implements CustomTransportStrategy {
  readonly #bound = new Map<Binding, BoundHandler>();

  constructor(private readonly options: BusServerOptions) {
    super();
    checkNames(options.subscriptions.map((subscription) => subscription.name));
  }

  /** Called by Nest for each pattern of each handler; the types of one method share its binding. */
  override addHandler(
    pattern: unknown,
    callback: MessageHandler,
    isEventHandler?: boolean,
    extras?: Record<string, unknown>,
  ): void {
    const binding = extras?.[BINDING] as Binding | undefined;
    if (!binding) {
      throw new TypeError(
        `the handler of ${JSON.stringify(pattern)} is not one of the bus: use @HandleCommand, @HandleCommandBatch, @HandleEvents or @HandleBroadcast`,
      );
    }
    const same = this.#bound.get(binding);
    if (same && !same.patterns.has(String(pattern))) {
      same.patterns.add(String(pattern));
    } else {
      // The same pattern again is the same class in two modules: a second handler, which boot refuses.
      const key = same ? { ...binding } : binding;
      this.#bound.set(key, { patterns: new Set([String(pattern)]), call: callOf(callback) });
    }
    super.addHandler(pattern, callback, isEventHandler, extras);
  }

  listen(callback: (error?: unknown) => void): void {
    this.#serve().then(() => callback(), callback);
  }

  async close(): Promise<void> {
    await this.options.bus.stopConsuming();
  }

  on(): never {
    throw new Error('the bus has no events of its own: ask its health()');
  }

  unwrap<T>(): T {
    return this.options.bus as T;
  }

  async #serve(): Promise<void> {
    const { bus, subscriptions, store, serve } = this.options;
    const { groups, broadcasts } = assignHandlers(subscriptions, this.#bound);
    for (const { subscription, receive, resync } of broadcasts) {
      await bus.listen(subscription, { receive, resync });
    }
    for (const { subscription, handlers } of groups) {
      if (!store) throw new TypeError(`subscription "${subscription.name}": the BusServer has no store`);
      await bus.serve(subscription, handlers, store, serve);
    }
  }
}

/** Nest's callback answers a value or a stream, directly or as a promise. */
function callOf(callback: MessageHandler): BoundHandler['call'] {
  return (data, context) =>
    inHandler(async () => {
      try {
        const answer: unknown = await callback(data, context);
        return isObservable(answer) ? await lastValueFrom(answer, { defaultValue: undefined }) : answer;
      } catch (error) {
        throw asRejection(error);
      }
    });
}

/** A guard that says no throws Nest's RpcException; for the caller that is a rule that said no. */
function asRejection(error: unknown): unknown {
  return error instanceof RpcException && error.message === 'Forbidden resource'
    ? new Rejection('forbidden', 'not allowed for this user')
    : error;
}
