import type { MessageContract, Subscription } from '@taskwire/messaging';

/** Who sends a message: the gateway every command, and a service the events that begin with its name. */
export function senderOf({ kind, type }: Pick<MessageContract, 'kind' | 'type'>): string {
  return kind === 'command' ? 'gateway' : firstName(type);
}

/** Who receives: subscriptions begin with their service's name; one without it runs in every process. */
export function serviceOf(subscription: string): string {
  return subscription.includes('.') ? firstName(subscription) : 'every service';
}

/** The subscriptions that a message of this type reaches. */
export function receiversOf(type: string, subscriptions: readonly Subscription[]): Subscription[] {
  return subscriptions.filter((subscription) =>
    messagesOf(subscription).some((contract) => contract.type === type),
  );
}

export function messagesOf(subscription: Subscription): readonly MessageContract[] {
  return subscription.kind === 'group'
    ? [...subscription.commands, ...subscription.events]
    : subscription.events;
}

function firstName(name: string): string {
  return name.slice(0, name.indexOf('.'));
}
