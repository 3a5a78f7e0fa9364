import type { CommandContract, EventContract } from './message.js';

/** One consumer group on one or more topics, shared by the instances of a service. Its name is its inbox's subscriber. */
export interface GroupSubscription {
  readonly kind: 'group';
  readonly name: string;
  /** `now` (default) or, where the driver keeps old messages, `earliest`; elsewhere refused at boot. */
  readonly from: 'now' | 'earliest';
  /** `key` (default): messages of one key one after the other. `none`: a failing message holds nothing. */
  readonly order: 'key' | 'none';
  /** What a dead event does to later events of its key. Commands never block. */
  readonly afterDead: 'block' | 'continue';
  /**
   * How long a message may wait for others, in milliseconds, so that one transaction serves many. Default 0. For groups
   * on which nobody waits.
   */
  readonly lingerMs: number;
  readonly commands: readonly CommandContract[];
  /**
   * Those of its topics that it handles; others are acknowledged unseen. A type that is added counts from when all instances
   * of the group run the version that has it: before, some of its events may be acknowledged by those that don't.
   */
  readonly events: readonly EventContract[];
}

/** Every instance gets each message, at most once: a hint. `resync` of its handler runs after each connect. */
export interface BroadcastSubscription<Event extends EventContract = EventContract> {
  readonly kind: 'broadcast';
  readonly name: string;
  readonly events: readonly Event[];
}

export type Subscription = GroupSubscription | BroadcastSubscription;

type GroupOptions = { kind: 'group' } & Partial<Omit<GroupSubscription, 'kind' | 'name'>>;
type BroadcastOptions<Event extends EventContract> = { kind: 'broadcast'; events: readonly Event[] };

/** Declares who receives what. Defaults of a group: `from: 'now'`, `order: 'key'`, `afterDead: 'block'`, `lingerMs: 0`. */
export function subscription(name: string, options: GroupOptions): GroupSubscription;
export function subscription<Event extends EventContract>(
  name: string,
  options: BroadcastOptions<Event>,
): BroadcastSubscription<Event>;
export function subscription(
  name: string,
  options: GroupOptions | BroadcastOptions<EventContract>,
): Subscription {
  if (options.kind === 'broadcast') return Object.freeze({ ...options, name });
  const defaults = {
    from: 'now',
    order: 'key',
    afterDead: 'block',
    lingerMs: 0,
    commands: [],
    events: [],
  } as const;
  return Object.freeze({ ...defaults, ...options, name });
}

/** The topics that a subscription reads, each once. */
export function topicsOf(subscription: Subscription): string[] {
  const contracts =
    subscription.kind === 'group' ? [...subscription.commands, ...subscription.events] : subscription.events;
  return [...new Set(contracts.map((contract) => contract.topic))];
}
