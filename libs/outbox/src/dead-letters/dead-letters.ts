import type { Ending, Headers } from '@taskwire/messaging';
import type { ParkedState } from '../parked/park.js';

/** A parked message as lists show it: never its body. */
export interface ParkedMessage {
  /** Its place: parked messages run in the order of these numbers within their key. */
  readonly seq: string;
  readonly subscriber: string;
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  /** Null in one that holds up nothing. */
  readonly key: string | null;
  readonly type: string | null;
  readonly state: ParkedState;
  readonly due: Date | null;
  readonly attempts: number;
  readonly reason: string | null;
  readonly error: string | null;
  readonly traceId: string | null;
  readonly firstFailedAt: Date | null;
  readonly lastFailedAt: Date | null;
  readonly parkedAt: Date;
  /** How the inbox says that it ended: such a message can be discarded, not replayed. Null for one that can still run. */
  readonly ending: Ending | null;
}

/** The order of one key: what runs before and after a message of it. */
export interface LanePlace {
  readonly ahead: number;
  readonly behind: number;
  /** The first of those behind, at most 20. */
  readonly next: readonly Pick<ParkedMessage, 'id' | 'type' | 'state' | 'parkedAt'>[];
}

/** All there is of a parked message. The body may hold personal content: show it to operators, never log it. */
export interface ParkedDetail extends ParkedMessage {
  readonly headers: Headers;
  readonly body: Buffer;
  /** SHA-256 of the body, in hexadecimal. */
  readonly bodyHash: string;
  /** Null where it holds up nothing and nothing holds it up. */
  readonly lane: LanePlace | null;
}

export interface ParkedFilter {
  readonly subscriber?: string;
  readonly state?: ParkedState;
  readonly type?: string;
  /** The key that orders it, also of a message that holds up nothing. */
  readonly key?: string;
  /** Parked for longer than this, by the database's clock. */
  readonly olderThanMs?: number;
}

export interface Page {
  /** The last number of the page before. */
  readonly after?: string;
  /** At most 500. Default 100. */
  readonly limit?: number;
}

/** Who does something to a parked message, and why. Kept beside what was done. */
export interface Act {
  /** The user id of the operator, or what else acts. */
  readonly actor: string;
  readonly reason?: string;
  readonly traceId?: string;
}

/** What to replay: one message by subscriber and id, or the dead ones that a filter finds. */
export interface ReplaySelection extends Omit<ParkedFilter, 'state'>, Page {
  readonly id?: string;
}

export interface ReplayOptions {
  /** Answers what would be done and does nothing. */
  readonly dryRun: boolean;
  /** Slower than the setting `replayPerSecond`; faster it can't be. */
  readonly perSecond?: number;
}

/**
 * `runs`: it will run, or has been made to. `no-effect`: the inbox says that it took effect before. `ended`: a command
 * whose caller was told how it ended. `not-dead`: it runs by itself, or stands behind one that does not.
 */
export type ReplayVerdict = 'runs' | 'no-effect' | 'ended' | 'not-dead';

export interface ReplayStep extends Pick<
  ParkedMessage,
  'subscriber' | 'id' | 'topic' | 'key' | 'type' | 'state' | 'ending'
> {
  readonly verdict: ReplayVerdict;
  /** Until it is due, by the rate; null for what doesn't run. */
  readonly afterMs: number | null;
  /** How many wait behind it and run next. They are the usual work of their key: no rate holds them. */
  readonly waitingBehind: number;
}

export interface ReplayPlan {
  readonly applied: boolean;
  /** In the order in which they fall due. */
  readonly steps: readonly ReplayStep[];
  /** Where the next call goes on (`after`); null when the selection has no more. */
  readonly next: string | null;
}

/** What is left to be decided under the lock of its partition. */
export type EditableMessage = Pick<
  ParkedDetail,
  'subscriber' | 'id' | 'topic' | 'partition' | 'key' | 'headers' | 'body' | 'bodyHash'
>;

/** `ended`: a command whose caller was told; nothing will ever run it. */
export type EditResult = { readonly bodyHash: string } | 'unknown' | 'ended';

export interface OperatorAction {
  readonly seq: string;
  readonly action: 'replay' | 'discard' | 'edit';
  readonly subscriber: string;
  readonly messageId: string;
  readonly type: string | null;
  readonly actor: string;
  readonly reason: string | null;
  readonly hashBefore: string;
  readonly hashAfter: string | null;
  readonly traceId: string | null;
  readonly at: Date;
  /** What an edit replaced or a discard removed; null where that is forgotten or wasn't asked for. */
  readonly original: { readonly headers: Headers; readonly body: Buffer } | null;
}

export interface ActionFilter {
  readonly subscriber?: string;
  readonly messageId?: string;
  readonly action?: OperatorAction['action'];
  readonly actor?: string;
  /** The last number of the page before: the newest come first. */
  readonly before?: string;
  /** At most 500. Default 100. */
  readonly limit?: number;
  readonly originals?: boolean;
}

/**
 * Parked messages for operators. What changes one does so under the lock of its partition, so beside any drainer and any
 * other operator, and writes an `OperatorAction` in the same transaction. Rejects with an InfrastructureError when the
 * database is away.
 */
export interface DeadLetters {
  /** In the order in which they were parked. */
  list(filter?: ParkedFilter & Page): Promise<ParkedMessage[]>;
  /** By state, counted up to 100,000. */
  count(filter?: Omit<ParkedFilter, 'state'>): Promise<Readonly<Record<ParkedState, number>>>;
  read(subscriber: string, id: string): Promise<ParkedDetail | null>;
  /**
   * Makes dead messages due, with all their attempts and in their places, no faster than the rate; at most 500 in a call.
   * All of a subscriber in one transaction: a process that dies has replayed all of them or none, and of two operators
   * one is told `not-dead`.
   */
  replay(selection: ReplaySelection, act: Act, options: ReplayOptions): Promise<ReplayPlan>;
  /** Removes a message for good and lets its key go on; false when there is none. Copies that come later don't run. */
  discard(subscriber: string, id: string, act: Act): Promise<boolean>;
  /**
   * Replaces headers and body by what `rewrite` makes of them; state and place stay. Rejects with what `rewrite` throws,
   * nothing changed.
   */
  edit(
    subscriber: string,
    id: string,
    rewrite: (message: EditableMessage) => { readonly headers: Headers; readonly body: Buffer },
    act: Act,
  ): Promise<EditResult>;
  /** What operators did, newest first. */
  actions(filter?: ActionFilter): Promise<OperatorAction[]>;
}
