import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import type { CommandContract, EventContract } from '../contract/message.js';
import type { BroadcastSubscription } from '../contract/subscription.js';
import type {
  BroadcastHandler,
  CommandBatchHandler,
  CommandHandler,
  EventsHandler,
  MessageOf,
} from '../registry/handler.js';
import type { ReceivedMessage } from '../store.js';
import { BINDING, type Binding, patternsOf } from './binding.js';
import { keepOriginalErrors } from './original-errors.js';

type HandlerDecorator<Method> = <M extends Method>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
) => void;

type Locks<C extends CommandContract | EventContract> = {
  /** Further rows that the message writes and that other partitions write too; locked, sorted, before handlers run. */
  readonly locks?: (message: EachOf<C>) => readonly string[];
};
type EachOf<C extends CommandContract | EventContract> = C extends unknown ? MessageOf<C> : never;

/**
 * Handles one command at a time; what it returns is the reply. Throw a Rejection, before writing, to refuse.
 *
 * ```ts
 * @Controller()
 * class CreateTaskHandler {
 *   @HandleCommand(CreateTask)
 *   async create(command: CommandOf<typeof CreateTask>, { tx, publish }: HandlerContext) { ... }
 * }
 * ```
 *
 * The class must be listed under `controllers` of a module: Nest looks for handlers nowhere else. Guards, pipes,
 * interceptors and filters work as on any handler; `switchToRpc().getData()` is the command.
 */
export function HandleCommand<C extends CommandContract>(
  contract: C,
  options: Locks<C> = {},
): HandlerDecorator<CommandHandler<C>> {
  return groupHandler('command', [contract], options.locks);
}

/** Handles consecutive commands of one type in one call, for hot paths; answers one reply or Rejection each, in order. */
export function HandleCommandBatch<C extends CommandContract>(
  contract: C,
  options: Locks<C> = {},
): HandlerDecorator<CommandBatchHandler<C>> {
  return groupHandler('commands', [contract], options.locks);
}

type Events = readonly [EventContract, ...EventContract[]];

/** Handles consecutive events of the given types in one call, in order. Options, if any, come last. */
export function HandleEvents<const C extends Events>(
  ...contracts: C
): HandlerDecorator<EventsHandler<C[number]>>;
export function HandleEvents<const C extends Events>(
  ...contractsAndOptions: [...contracts: C, options: Locks<C[number]>]
): HandlerDecorator<EventsHandler<C[number]>>;
export function HandleEvents(...given: readonly (EventContract | Locks<EventContract>)[]) {
  const contracts = given.filter((one) => 'kind' in one);
  const options = given.find((one): one is Locks<EventContract> => !('kind' in one));
  return groupHandler('events', contracts, options?.locks);
}

/**
 * Hears each event of a broadcast at most once. `resync` names the method of the class that reads the truth again; it
 * runs after each connect and each gap.
 */
export function HandleBroadcast<C extends EventContract, const R extends string>(
  subscription: BroadcastSubscription<C>,
  options: { readonly resync: R },
) {
  return <M extends BroadcastHandler<C>>(
    target: { readonly [K in R]: () => Promise<void> | void },
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): void => {
    const resync = Object.getOwnPropertyDescriptor(target, options.resync);
    if (typeof resync?.value !== 'function') {
      throw new TypeError(`${nameOf(target, name)}: there is no method "${options.resync}" for its resync`);
    }
    bind(target, name, descriptor, { kind: 'broadcast', name: nameOf(target, name), subscription });
    const resyncName = nameOf(target, options.resync);
    bind(target, options.resync, resync, { kind: 'resync', name: resyncName, subscription });
  };
}

function groupHandler(
  shape: 'command' | 'commands' | 'events',
  contracts: readonly (CommandContract | EventContract)[],
  locks?: (message: never) => readonly string[],
) {
  return (target: object, name: string | symbol, descriptor: PropertyDescriptor): void => {
    const lockedBy = locks && { locks: locks as (message: ReceivedMessage) => readonly string[] };
    bind(target, name, descriptor, {
      kind: 'group',
      ...{ name: nameOf(target, name), shape, contracts },
      ...lockedBy,
    });
  };
}

const bound = new WeakSet<object>();

function bind(target: object, name: string | symbol, descriptor: PropertyDescriptor, binding: Binding): void {
  const method = descriptor.value as object;
  if (bound.has(method))
    throw new TypeError(`${binding.name} has two handler decorators: use one method each`);
  bound.add(method);
  MessagePattern(patternsOf(binding), { [BINDING]: binding })(target, name, descriptor);
  // Without parameter decorators Nest would pass the payload alone.
  Payload()(target, name, 0);
  Ctx()(target, name, 1);
  keepOriginalErrors(target.constructor);
}

function nameOf(target: object, method: string | symbol): string {
  return `${target.constructor.name}.${String(method)}`;
}
