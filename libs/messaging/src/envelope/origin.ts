import { type Context, context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Headers } from '../driver.js';
import { type Identity, SYSTEM } from '../envelope.js';
import type { ReceivedMessage } from '../store.js';

/** On whose behalf, and in which trace, a message is sent. */
export interface Origin {
  readonly identity: Identity;
  readonly context: Context;
}

const contexts = new WeakMap<ReceivedMessage, Context>();

/** The sender's trace context, from the `traceparent` of a message's headers. */
export function contextFrom(headers: Headers): Context {
  return propagation.extract(ROOT_CONTEXT, headers);
}

/** Makes `bound` the context of what `message` causes. The pipeline binds the message's own `process` span. */
export function bindContext(message: ReceivedMessage, bound: Context): void {
  contexts.set(message, bound);
}

/** The trace context of a message in the pipeline: its `process` span while it runs, else its sender's. */
export function contextOf(message: ReceivedMessage): Context {
  return contexts.get(message) ?? context.active();
}

/** What a message sent because of `cause` inherits: its trace, and who acts. */
export function originOf(cause: ReceivedMessage): Origin {
  const { actor, roles, session } = cause;
  return { identity: { actor, roles, session }, context: contextOf(cause) };
}

/** The origin of what is sent outside of any handler: the active trace, and `identity` (default: the system itself). */
export function originHere(identity: Identity = SYSTEM): Origin {
  return { identity, context: context.active() };
}
