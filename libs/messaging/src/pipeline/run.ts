import { context as active } from '@opentelemetry/api';
import type { CommandContract } from '../contract/message.js';
import { announce, DIAGNOSTICS } from '../diagnostics.js';
import { fit } from '../envelope/contract-error.js';
import { contextOf } from '../envelope/origin.js';
import type { Handler } from '../registry/handler.js';
import type { Registry } from '../registry/registry.js';
import {
  type HandlerContext,
  type HandlerResult,
  type ReceivedMessage,
  Rejection,
  type Run,
  type RunContext,
} from '../store.js';

/** Runs messages by their handlers: consecutive messages of one handler in one call, where its shape takes many. */
export function runOf(registry: Registry): Run {
  const run = async (messages: readonly ReceivedMessage[], context: RunContext) => {
    const results: HandlerResult[] = [];
    for (const { handler, stretch } of stretches(registry, messages)) {
      results.push(...(await handle(handler, stretch, context)));
    }
    announce(DIAGNOSTICS.handled, messages.length);
    return results;
  };
  const locks = (message: ReceivedMessage) => registry.handlerOf(message.type)?.locks?.(message) ?? [];
  return Object.assign(run, { locks });
}

interface Stretch {
  readonly handler: Handler;
  readonly stretch: ReceivedMessage[];
}

function stretches(registry: Registry, messages: readonly ReceivedMessage[]): Stretch[] {
  const parts: Stretch[] = [];
  for (const message of messages) {
    const handler = registry.handlerOf(message.type);
    if (!handler) throw new Error(`${message.type}: no handler`);
    const last = parts.at(-1);
    if (last?.handler === handler && handler.shape !== 'command') last.stretch.push(message);
    else parts.push({ handler, stretch: [message] });
  }
  return parts;
}

async function handle(
  handler: Handler,
  messages: readonly ReceivedMessage[],
  context: RunContext,
): Promise<readonly HandlerResult[]> {
  const writes = context.writes;
  const [only] = messages.length === 1 ? messages : [];
  const call = async () => await handler.handle(messages, withCause(context, only));
  try {
    const answer = only ? await active.with(contextOf(only), call) : await call();
    return resultsOf(handler, messages, answer);
  } catch (error) {
    if (only && error instanceof Rejection)
      return [{ rejection: error, afterWrite: context.writes > writes }];
    throw error;
  }
}

function resultsOf(handler: Handler, messages: readonly ReceivedMessage[], answer: unknown): HandlerResult[] {
  if (handler.shape === 'events') return messages.map(() => ({ reply: null }));
  const answers: readonly unknown[] = handler.shape === 'command' ? [answer] : asArray(answer);
  if (answers.length !== messages.length) {
    throw new TypeError(
      `${handler.name} answered ${answers.length} replies for ${messages.length} commands: answer one per command, in order`,
    );
  }
  const contract = handler.contracts[0] as CommandContract;
  return answers.map((reply) =>
    reply instanceof Rejection
      ? { rejection: reply, afterWrite: false }
      : { reply: fit(`${contract.type} (reply)`, contract.reply, reply) },
  );
}

function asArray(answer: unknown): readonly unknown[] {
  return Array.isArray(answer) ? answer : [];
}

/** `cause` may be left out where one message is handled; of several, only the handler knows which one it was. */
function withCause(context: HandlerContext, only: ReceivedMessage | undefined): HandlerContext {
  const causeOf = (cause: ReceivedMessage | undefined) => {
    const known = cause ?? only;
    if (known) return known;
    throw new TypeError('several messages are handled: say which one is the `cause` of what is published');
  };
  return {
    tx: context.tx,
    publish: (contract, payload, cause) => context.publish(contract, payload, causeOf(cause)),
    schedule: (contract, payload, options) =>
      context.schedule(contract, payload, { ...options, cause: causeOf(options.cause) }),
    cancelSchedule: (id, cause) => context.cancelSchedule(id, causeOf(cause)),
  };
}
