import type { EventContract, MessageContract } from '../contract/message.js';
import type { BroadcastSubscription } from '../contract/subscription.js';
import type { Handler } from '../registry/handler.js';
import type { ReceivedMessage } from '../store.js';

/** What a decorated method handles. Travels as Nest's `extras`; one object per method, whatever the number of types. */
export type Binding =
  | {
      readonly kind: 'group';
      readonly name: string;
      readonly shape: Handler['shape'];
      readonly contracts: readonly MessageContract[];
      readonly locks?: (message: ReceivedMessage) => readonly string[];
    }
  | {
      readonly kind: 'broadcast';
      readonly name: string;
      readonly subscription: BroadcastSubscription<EventContract>;
    }
  | {
      readonly kind: 'resync';
      readonly name: string;
      readonly subscription: BroadcastSubscription<EventContract>;
    };

/** The key of a binding in Nest's `extras`. */
export const BINDING = 'taskwire:binding';

/** The pattern under which Nest knows a handler. */
export function patternsOf(binding: Binding): string[] {
  if (binding.kind === 'group') return binding.contracts.map((contract) => contract.type);
  return [`${binding.subscription.name}#${binding.kind}`];
}
