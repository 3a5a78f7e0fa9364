import type { EventContract, PayloadOf } from './contract/message.js';
import type { Headers } from './driver.js';

/** How a command (or an event's handling) ended. The first ending stored in the inbox wins. */
export type Ending = 'done' | 'rejected' | 'failed' | 'expired' | 'cancelled';

/** What a rejection or failure tells the caller; becomes problem+json at the gateway. Never holds payload values. */
export interface Problem {
  readonly code: string;
  readonly detail?: string;
}

/** A rule said no. Thrown by handlers before they write; the message ends as `rejected` and is not tried again. */
export class Rejection extends Error {
  override readonly name = 'Rejection';
  constructor(
    readonly code: string,
    readonly detail?: string,
  ) {
    super(detail ?? code);
  }
}

declare const opaque: unique symbol;
/** The open transaction. Opaque: only a service's store file turns it into its database client. */
export interface Transaction {
  readonly [opaque]: 'Transaction';
}

/** A decoded, validated message as the store side and the handlers see it. */
export interface ReceivedMessage<Payload = unknown> {
  readonly id: string;
  readonly kind: 'command' | 'event';
  readonly type: string;
  readonly topic: string;
  readonly partition: number;
  /** null: handled without regard to order. */
  readonly key: string | null;
  readonly payload: Payload;
  /** Who acts: the user id of the verified token, or null for the system itself. */
  readonly actor: string | null;
  readonly roles: readonly string[];
  readonly session: string | null;
  /** When the first attempt was sent. Decides `too-old`; the same for every repeat. */
  readonly firstSentAt: Date;
  /** Commands only: past it the command ends as `expired`. */
  readonly deadline: Date | null;
  /** Commands only: hash of the client's request; the same id with another hash is a conflict. */
  readonly requestHash: string | null;
  /** The outbox number, growing per key; null when the sender had no outbox. */
  readonly sequence: string | null;
}

/**
 * A message in the pipeline: what the store needs, with the original bytes for parking. `headers` carry the sender's
 * `traceparent`, so a parked message keeps its trace. The store hands `run` the same `message` object that it got here
 * (from the pipeline or from `parse`): `originOf(message)` finds the trace and the actor of what it causes by it.
 */
export interface Delivery {
  /** The message, or why it can't be one (undecodable, or not as its contract says). */
  readonly message: ReceivedMessage;
  readonly fault: MessageFault | null;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly traceId: string | null;
}

/**
 * Why a message can never be handled. Events with one are parked `dead` at once; a parked one of an `unknown_type` only after
 * as many attempts as one that fails, since a newer version may have parked it. Commands end with this code, as `rejected`
 * when it is `unknown_type`, else as `failed`.
 */
export interface MessageFault {
  readonly code: 'undecodable' | 'contract_mismatch' | 'unknown_type';
  readonly detail: string;
}

/** What became of one delivery. Everything but `again` is settled and committed. */
export type Outcome =
  | {
      readonly kind: 'ended';
      readonly ending: Ending;
      readonly reply: unknown;
      readonly problem: Problem | null;
      readonly repeated: boolean;
    }
  /** The id is known with another request hash: nothing was run. */
  | { readonly kind: 'conflict' }
  /** First sent longer ago than the inbox remembers: nothing was run. */
  | { readonly kind: 'too-old' }
  | { readonly kind: 'parked'; readonly state: 'retry' | 'dead' | 'waiting' | 'already' }
  /**
   * Failed; to be run again after a back-off, and later messages of its key with it. `error` is undefined for those
   * later ones that were held back without being run: no attempt counts for them.
   */
  | { readonly kind: 'again'; readonly error: unknown };

/** What a handler gets beside its message(s). */
export interface HandlerContext {
  readonly tx: Transaction;
  /**
   * Buffers an event; it reaches the outbox in the transaction of `cause`, and is dropped when `cause` is rejected.
   * `cause` may be left out when one message is handled. A store makes the wire form with
   * `encodeEvent(contract, payload, originOf(cause))`, at this call, so that a bad payload fails in its handler and the
   * event carries the trace and the actor of its own cause; it adds the `sequence` header when the row has its number.
   */
  readonly publish: <C extends EventContract>(
    contract: C,
    payload: PayloadOf<C>,
    cause?: ReceivedMessage,
  ) => void;
  /** Publishes at `at` (within a second), unless `cancelSchedule` with the same id came first; the same id again moves it. */
  readonly schedule: <C extends EventContract>(
    contract: C,
    payload: PayloadOf<C>,
    options: { id: string; at: Date; cause?: ReceivedMessage },
  ) => void;
  readonly cancelSchedule: (id: string, cause?: ReceivedMessage) => void;
}

/** What a run gets: the handlers' context, and how often the transaction was written to so far. */
export interface RunContext extends HandlerContext {
  readonly writes: number;
}

/**
 * `afterWrite`: whether the handler had written (`writes` grew) before it refused; then the store rolls back and runs the
 * messages one after the other, each behind a savepoint. Left out, it is taken as true as soon as the transaction was
 * written to. A batch handler that answers rejections itself says false: it wrote nothing for those.
 */
export type HandlerResult =
  | { readonly reply: unknown }
  | { readonly rejection: Rejection; readonly afterWrite?: boolean };

/** Runs messages of one group in their order, in one transaction. One result per message; throwing fails the whole call. */
export interface Run {
  (messages: readonly ReceivedMessage[], context: RunContext): Promise<readonly HandlerResult[]>;
  /** Further rows that a message writes and that other partitions write too; locked in order before handlers run. */
  locks?(message: ReceivedMessage): readonly string[];
}

export interface GroupSettings {
  /** The group's name: the inbox's subscriber. */
  readonly subscriber: string;
  readonly afterDead: 'block' | 'continue';
}

/**
 * Where a group's messages take effect once. Implemented by `@taskwire/outbox` (inbox, outbox and parked messages in the
 * service's own database) and by `direct()` for groups without a store (each delivery runs, at least once).
 */
export interface MessageStore {
  /** How long it knows a message again; what was first sent longer ago is `too-old`. Undefined: it knows none. */
  readonly windowMs?: number;
  /**
   * Runs a batch in one transaction and answers one outcome per delivery, in order. `last`: the last quick attempt, after
   * which a fault settles the message (command: failed; event: parked). Rejects with an InfrastructureError when nothing
   * could be settled and no attempt counts.
   */
  process(
    group: GroupSettings,
    deliveries: readonly Delivery[],
    run: Run,
    last: boolean,
  ): Promise<readonly Outcome[]>;
  /** Runs parked messages of the group that are due; answers how many it settled. Called on a timer by the pipeline. */
  drain(group: GroupSettings, run: Run, parse: (headers: Headers, body: Buffer) => Delivery): Promise<number>;
}

/** A fault of the place, not of the message: connection, pool, SQLSTATE 08, 25006, 53, 57P, 58. The subscription pauses, nothing is settled. */
export class InfrastructureError extends Error {
  override readonly name = 'InfrastructureError';
}
