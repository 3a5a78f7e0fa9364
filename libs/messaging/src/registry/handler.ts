import type {
  CommandContract,
  EventContract,
  MessageContract,
  PayloadOf,
  ReplyOf,
} from '../contract/message.js';
import type { HandlerContext, ReceivedMessage, Rejection } from '../store.js';

/** What a handler of this contract receives. */
export type MessageOf<C extends MessageContract> = ReceivedMessage<PayloadOf<C>>;
export type CommandOf<C extends CommandContract> = MessageOf<C>;
/** One event; of several contracts, their union, told apart by `isEvent`. */
export type EventOf<C extends EventContract> = C extends EventContract ? MessageOf<C> : never;

export type CommandHandler<C extends CommandContract> = (
  command: CommandOf<C>,
  context: HandlerContext,
) => Promise<ReplyOf<C>> | ReplyOf<C>;

/** One reply or Rejection per command, in their order. */
export type CommandBatchHandler<C extends CommandContract> = (
  commands: readonly CommandOf<C>[],
  context: HandlerContext,
) => Promise<readonly (ReplyOf<C> | Rejection)[]> | readonly (ReplyOf<C> | Rejection)[];

/** Consecutive events, in order. Throwing fails them all: they are then tried one by one. */
export type EventsHandler<C extends EventContract> = (
  events: readonly EventOf<C>[],
  context: HandlerContext,
) => Promise<void> | void;

export type BroadcastHandler<C extends EventContract> = (event: EventOf<C>) => Promise<void> | void;

/** A handler as the pipeline runs it. `name` is for errors and logs. */
export interface Handler {
  readonly name: string;
  readonly contracts: readonly MessageContract[];
  /** `command`: one message a call. `commands`, `events`: consecutive messages in one call. */
  readonly shape: 'command' | 'commands' | 'events';
  /** Answers the reply, one reply or Rejection per message, or nothing, by its shape. */
  handle(messages: readonly ReceivedMessage[], context: HandlerContext): unknown;
  /** Further rows that a message writes and that other partitions write too; locked before handlers run. */
  readonly locks?: (message: ReceivedMessage) => readonly string[];
}

type Locks<C extends MessageContract> = (message: MessageOf<C>) => readonly string[];

/** Handles one command at a time. */
export function onCommand<C extends CommandContract>(
  contract: C,
  handle: CommandHandler<C>,
  locks?: Locks<C>,
): Handler {
  return {
    name: handle.name || contract.type,
    contracts: [contract],
    shape: 'command',
    handle: ([command], context) => handle(command as CommandOf<C>, context),
    ...lockedBy(locks),
  };
}

/** Handles consecutive commands of one type in one call: for hot paths. */
export function onCommandBatch<C extends CommandContract>(
  contract: C,
  handle: CommandBatchHandler<C>,
  locks?: Locks<C>,
): Handler {
  return {
    name: handle.name || contract.type,
    contracts: [contract],
    shape: 'commands',
    handle: (commands, context) => handle(commands as readonly CommandOf<C>[], context),
    ...lockedBy(locks),
  };
}

/** Handles consecutive events of the given types in one call. */
export function onEvents<const C extends readonly EventContract[]>(
  contracts: C,
  handle: EventsHandler<C[number]>,
  locks?: Locks<C[number]>,
): Handler {
  return {
    name: handle.name || contracts.map((contract) => contract.type).join(', '),
    contracts,
    shape: 'events',
    handle: (events, context) => handle(events as readonly EventOf<C[number]>[], context),
    ...lockedBy(locks),
  };
}

/** Narrows an event of several types to one of them. */
export function isEvent<C extends EventContract>(event: ReceivedMessage, contract: C): event is MessageOf<C> {
  return event.type === contract.type;
}

function lockedBy<C extends MessageContract>(locks: Locks<C> | undefined): Pick<Handler, 'locks'> {
  return locks ? { locks: (message) => locks(message as MessageOf<C>) } : {};
}
