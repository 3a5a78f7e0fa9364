import type { MessageContract } from '../contract/message.js';
import type { GroupSubscription } from '../contract/subscription.js';
import type { Handler } from './handler.js';

/** What one subscription handles, by message type. */
export interface Registry {
  readonly contractOf: (type: string) => MessageContract | undefined;
  readonly handlerOf: (type: string) => Handler | undefined;
  /** Whether an unknown type in this topic is a command that somebody waits for. */
  readonly carriesCommands: (topic: string) => boolean;
}

/**
 * Binds a subscription's contracts to their handlers. Throws one TypeError that names every type without a handler,
 * every handler that the subscription does not declare, and every type handled twice.
 */
export function registryOf(subscription: GroupSubscription, handlers: readonly Handler[]): Registry {
  const contracts = new Map<string, MessageContract>(
    [...subscription.commands, ...subscription.events].map((contract) => [contract.type, contract]),
  );
  const byType = Map.groupBy(
    handlers.flatMap((handler) => handler.contracts.map(({ type }) => ({ type, handler }))),
    ({ type }) => type,
  );
  const problems = [
    ...[...contracts.keys()].filter((type) => !byType.has(type)).map((type) => `no handler for ${type}`),
    ...[...byType].flatMap(([type, bound]) => {
      const names = bound.map(({ handler }) => handler.name).join(', ');
      if (!contracts.has(type)) return [`${names} handles ${type}, which is not declared`];
      return bound.length > 1 ? [`${type} is handled more than once: ${names}`] : [];
    }),
  ];
  if (problems.length > 0) {
    throw new TypeError(`subscription "${subscription.name}": ${problems.join('; ')}`);
  }
  const commandTopics = new Set(subscription.commands.map((contract) => contract.topic));
  return {
    contractOf: (type) => contracts.get(type),
    handlerOf: (type) => byType.get(type)?.[0]?.handler,
    carriesCommands: (topic) => commandTopics.has(topic),
  };
}

/** Throws a TypeError when two subscriptions share a name: they would share one consumer group and one inbox. */
export function checkNames(names: readonly string[]): void {
  const doubled = names.filter((name, index) => names.indexOf(name) !== index);
  if (doubled.length === 0) return;
  throw new TypeError(`subscription names must be unique: ${[...new Set(doubled)].join(', ')} used twice`);
}
