import type { BroadcastSubscription, GroupSubscription, Subscription } from '../contract/subscription.js';
import type { Handler } from '../registry/handler.js';
import { registryOf } from '../registry/registry.js';
import type { HandlerContext, ReceivedMessage } from '../store.js';
import type { Binding } from './binding.js';

export interface BoundHandler {
  readonly patterns: Set<string>;
  readonly call: (data: unknown, context: HandlerContext | undefined) => unknown;
}

type Bindings = ReadonlyMap<Binding, BoundHandler>;

interface Assigned {
  readonly groups: { subscription: GroupSubscription; handlers: Handler[] }[];
  readonly broadcasts: {
    subscription: BroadcastSubscription;
    readonly receive: (event: ReceivedMessage) => Promise<void>;
    readonly resync: () => Promise<void>;
  }[];
}

/** Gives each subscription its handlers. Throws one TypeError that names everything missing, extra and doubled. */
export function assignHandlers(subscriptions: readonly Subscription[], bindings: Bindings): Assigned {
  const problems: string[] = [];
  const attempt = <T>(work: () => T): T[] => {
    try {
      return [work()];
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      problems.push(error.message);
      return [];
    }
  };
  const groups = subscriptions.filter((subscription) => subscription.kind === 'group');
  const handlers = [...bindings].flatMap(([binding, bound]) => handlerOf(binding, bound));
  const assigned: Assigned = {
    groups: groups.map((subscription) => ({ subscription, handlers: handlersFor(subscription, handlers) })),
    broadcasts: subscriptions
      .filter((subscription) => subscription.kind === 'broadcast')
      .flatMap((subscription) => attempt(() => broadcastOf(subscription, bindings))),
  };
  for (const { subscription, handlers } of assigned.groups) attempt(() => registryOf(subscription, handlers));
  problems.push(...strangers(subscriptions, bindings), ...ambiguous(groups));
  if (problems.length === 0) return assigned;
  throw new TypeError(
    `handlers and subscriptions differ:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\n` +
      '(handlers are found on classes that a module lists under `controllers`)',
  );
}

function handlerOf(binding: Binding, { call }: BoundHandler): Handler[] {
  if (binding.kind !== 'group') return [];
  const { name, shape, contracts, locks } = binding;
  const handle: Handler['handle'] = (messages, context) =>
    call(shape === 'command' ? messages[0] : messages, context);
  return [{ name, shape, contracts, handle, ...(locks && { locks }) }];
}

/** The part of each handler that this subscription declares: a method may serve types of two subscriptions. */
function handlersFor(subscription: GroupSubscription, handlers: readonly Handler[]): Handler[] {
  const declared = typesOf(subscription);
  return handlers.flatMap((handler) => {
    const contracts = handler.contracts.filter((contract) => declared.has(contract.type));
    return contracts.length > 0 ? [{ ...handler, contracts }] : [];
  });
}

function broadcastOf(
  subscription: BroadcastSubscription,
  bindings: Bindings,
): Assigned['broadcasts'][number] {
  const of = (kind: 'broadcast' | 'resync') =>
    [...bindings].filter(([b]) => b.kind === kind && b.subscription.name === subscription.name);
  const [receive, ...more] = of('broadcast');
  const [resync] = of('resync');
  if (!receive || !resync)
    throw new TypeError(`subscription "${subscription.name}": no @HandleBroadcast handler`);
  if (more.length > 0) {
    const names = [receive, ...more].map(([binding]) => binding.name).join(', ');
    throw new TypeError(`subscription "${subscription.name}" is handled more than once: ${names}`);
  }
  return {
    subscription,
    receive: async (event) => void (await receive[1].call(event, undefined)),
    resync: async () => void (await resync[1].call(null, undefined)),
  };
}

/** Handlers of what no subscription declares. */
function strangers(subscriptions: readonly Subscription[], bindings: Bindings): string[] {
  const declared = new Set(subscriptions.filter((s) => s.kind === 'group').flatMap((s) => [...typesOf(s)]));
  const names = new Set(subscriptions.filter((s) => s.kind === 'broadcast').map((s) => s.name));
  return [...bindings.keys()].flatMap((binding) => {
    if (binding.kind === 'resync') return [];
    if (binding.kind === 'broadcast') {
      const { name } = binding.subscription;
      return names.has(name) ? [] : [`${binding.name} handles the broadcast "${name}", which is not served`];
    }
    return binding.contracts
      .filter((contract) => !declared.has(contract.type))
      .map((contract) => `${binding.name} handles ${contract.type}, which no served subscription declares`);
  });
}

/** Types that two groups of one service declare: whose handler would be whose can't be told. */
function ambiguous(groups: readonly GroupSubscription[]): string[] {
  const byType = Map.groupBy(
    groups.flatMap((group) => [...typesOf(group)].map((type) => ({ type, name: group.name }))),
    ({ type }) => type,
  );
  return [...byType].flatMap(([type, declared]) =>
    declared.length > 1
      ? [
          `${type} is declared by ${declared.map(({ name }) => name).join(' and ')}: serve them by two BusServers`,
        ]
      : [],
  );
}

function typesOf(subscription: GroupSubscription): Set<string> {
  return new Set([...subscription.commands, ...subscription.events].map((contract) => contract.type));
}
