import type { z } from 'zod';

/** A message name: `noun.verb.vN`, for example `task.create.v1` or, past tense, `task.created.v1`. */
const NAME = /^[a-z]+(\.[a-z_]+)+\.v[1-9]\d*$/;

/**
 * A command: a wish that one service may refuse. It ends once: done, rejected, failed, expired or cancelled.
 * `Payload` and `Reply` are zod schemas; both are checked when sending and when receiving.
 */
export interface CommandContract<Payload extends z.ZodType = z.ZodType, Reply extends z.ZodType = z.ZodType> {
  readonly kind: 'command';
  readonly type: string;
  readonly topic: string;
  readonly payload: Payload;
  readonly reply: Reply;
  /** Codes of the rejections that a caller must expect, for example `not_found`. */
  readonly rejections: readonly string[];
  /** Messages with the same key are handled in the order in which the broker took them. */
  key(payload: z.output<Payload>): string;
}

/** An event: what happened. It is published through an outbox, and handled by every group that subscribes. */
export interface EventContract<Payload extends z.ZodType = z.ZodType> {
  readonly kind: 'event';
  readonly type: string;
  readonly topic: string;
  readonly payload: Payload;
  key(payload: z.output<Payload>): string;
}

export type MessageContract = CommandContract | EventContract;
export type PayloadOf<C extends MessageContract> = z.output<C['payload']>;
export type ReplyOf<C extends CommandContract> = z.output<C['reply']>;

/** Declares a command. Throws a TypeError when the name is not of the form `noun.verb.vN`. */
export function command<Payload extends z.ZodType, Reply extends z.ZodType>(
  type: string,
  contract: Omit<CommandContract<Payload, Reply>, 'kind' | 'type'>,
): CommandContract<Payload, Reply> {
  return Object.freeze({ kind: 'command' as const, type: checkedName(type), ...contract });
}

/** Declares an event. Throws a TypeError when the name is not of the form `noun.verb.vN`. */
export function event<Payload extends z.ZodType>(
  type: string,
  contract: Omit<EventContract<Payload>, 'kind' | 'type'>,
): EventContract<Payload> {
  return Object.freeze({ kind: 'event' as const, type: checkedName(type), ...contract });
}

function checkedName(type: string): string {
  if (NAME.test(type)) return type;
  throw new TypeError(`message name "${type}" must be of the form noun.verb.vN, for example task.create.v1`);
}
