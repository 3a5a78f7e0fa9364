import type { Ending, HandlerContext, Identity, MessageStore, Problem } from '@taskwire/messaging';
import type { Counts } from './counts.js';
import type { DeadLetters } from './dead-letters/dead-letters.js';
import type { Erasure } from './erase.js';
import type { StoreSettings } from './settings.js';
import type { SqlExecutor } from './sql/executor.js';

export interface StoreOptions {
  readonly executor: SqlExecutor;
  /** CloudEvents `source` of what this service emits, for example `/taskwire/task`. Default: `/` and the topic. */
  readonly source?: string;
  /** The partitions of a topic, as its topology declares them. Default: 8 for every topic. */
  readonly partitions?: (topic: string) => number;
  /** Called after each commit that stored outgoing messages. `createOutbox` wakes its relay with it. */
  readonly onOutgoing?: () => void;
  readonly settings?: Partial<StoreSettings>;
}

/** A stored ending, as the inbox has it. */
export interface StoredEnding {
  readonly ending: Ending;
  readonly reply: unknown;
  readonly problem: Problem | null;
  readonly requestHash: string | null;
  readonly endedAt: Date;
  /** By the database's clock, which gave `endedAt` too. */
  readonly endedAgoMs: number;
}

export interface WriteOptions {
  /** Who acts; goes into the envelope of every event. Default: the system. */
  readonly identity?: Identity;
  /** Rows that commands of other keys write too; the same names as in the handlers' `locks`. */
  readonly locks?: readonly string[];
}

/** The inbox, the parked messages and the outbox of one service, in its own database. */
export interface OutboxStore extends MessageStore {
  /**
   * A write that comes by HTTP: runs `work` in one transaction and stores what it publishes with it, numbered in commit
   * order with what handlers publish. `work` runs again after a deadlock or a serialisation failure, so it must touch
   * nothing but `tx`. Rejects with what `work` throws, nothing stored; with an InfrastructureError when the database is away.
   */
  write<T>(work: (context: HandlerContext) => Promise<T>, options?: WriteOptions): Promise<T>;
  /** How a command ended, or null: it did not, or the inbox has forgotten it. Needs no transaction. */
  readOperation(subscriber: string, id: string): Promise<StoredEnding | null>;
  /**
   * As `readOperation`; past the deadline (the database's clock) it stores `expired`, so that the command never runs
   * afterwards. The first ending wins. Waits at most 200 ms for a batch that is committing, then answers null: pending.
   */
  expire(
    subscriber: string,
    id: string,
    times: { readonly firstSentAt: Date; readonly deadline: Date },
  ): Promise<StoredEnding | null>;
  /** Stores `cancelled` unless the command has ended already; answers the ending that won, or null: pending, ask again. */
  cancel(subscriber: string, id: string, times: { readonly firstSentAt: Date }): Promise<StoredEnding | null>;
  /**
   * Removes what is stored of messages that name a subject: parked, scheduled and held ones, originals of what operators
   * changed, replies in the inbox. In a transaction of its own, so that a handler may call it. Reads those tables as a whole.
   */
  erase(erasure: Erasure): Promise<void>;
  /** For metrics and health: what waits, and what needs a person. */
  counts(): Promise<Counts>;
  /** Parked messages for operators: look, replay, discard, edit, and what was done. */
  readonly deadLetters: DeadLetters;
}
