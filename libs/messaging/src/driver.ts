import type { Topology, TopologyDifference } from './contract/topology.js';
import type { Finding } from './finding.js';

/** CloudEvents attributes and extensions by their plain names; each driver's codec adds its protocol's prefix. */
export type Headers = Readonly<Record<string, string>>;

export interface OutgoingMessage {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface IncomingMessage extends OutgoingMessage {
  /** The broker's position in its partition, growing; for people and for the id of what can't be decoded. */
  readonly position: string;
}

/**
 * Why a message was not confirmed. `not-stored`: certainly not in the log, sending again is safe.
 * `unknown`: it may be there, sending again may double it. `permanent`: no later attempt can succeed.
 */
export class SendError extends Error {
  override readonly name = 'SendError';
  constructor(
    readonly outcome: 'not-stored' | 'unknown',
    message: string,
    readonly permanent = false,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Handles messages of one or several partitions, each partition's in order. Resolving settles all of them; rejecting
 * settles none: the driver delivers them again from the first unsettled one on. A partition is in at most one running call.
 */
export type Deliver = (messages: readonly IncomingMessage[]) => Promise<void>;

export interface ConsumerOptions {
  /** Most messages in one call of `deliver`. Default 200. */
  readonly batchSize?: number;
  /** How long messages may wait for others to share their call of `deliver`, unless they fill one. Default 0. */
  readonly lingerMs?: number;
  /** Most calls of `deliver` that run at once. Default 2. */
  readonly concurrency?: number;
}

export interface Consumer {
  /** The partitions that this instance holds now, by topic. */
  partitions(): ReadonlyMap<string, readonly number[]>;
  /** Nothing new is started; what runs goes on and is acknowledged; idempotent. */
  pause(): void;
  resume(): void;
  /** Stops fetching, waits for what runs (at most `deadlineMs`, default 10,000), acknowledges it, hands its partitions over. Idempotent. */
  close(deadlineMs?: number): Promise<void>;
}

export interface GroupLag {
  readonly group: string;
  readonly topic: string;
  /** Messages in the log that the group has not acknowledged. */
  readonly messages: number;
  readonly oldestAgeMs: number;
}

/** A group's reading of one topic, whoever declared it. `oldestAgeMs` is 0 where the broker does not tell it. */
export interface GroupReading extends GroupLag {
  /** Instances that read it now, or died so recently that the broker counts on them. */
  readonly members: number;
}

export interface DriverHealth {
  readonly up: boolean;
  /** What is missing and how to bring it back, when not up. */
  readonly detail?: string;
}

/**
 * What a broker must do for Taskwire. Safe for concurrent use. Every wait inside ends: operations on a lost connection
 * reject, and the driver reconnects by itself with a bounded back-off.
 */
export interface Driver {
  /** Of the broker, for spans, logs and errors: `kafka`. */
  readonly name: string;
  /** Whether a group can start at old messages. */
  readonly keepsMessages: boolean;
  /**
   * Connects, if it is not connected. Rejects when the broker can't be reached within the driver's time-out; those of RabbitMQ
   * and Kafka with a `ConnectError`, which knows refused credentials and certificates.
   */
  connect(): Promise<void>;
  /** Makes what is missing of the topology. Idempotent, safe from several processes at once. Must come before `send` and `subscribe`. */
  declare(topology: Topology): Promise<void>;
  /** What `declare` would make, and what it would refuse. Changes nothing. */
  plan(topology: Topology): Promise<readonly TopologyDifference[]>;
  /** What of the broker's settings and clock breaks a promise, though the topology is there or can be made. Changes nothing. */
  check(topology: Topology): Promise<readonly Finding[]>;
  /**
   * For how long each of these topics keeps its messages, in milliseconds, as the broker has it now. Topics that it does not
   * have, and those whose messages only wait for their readers, are left out.
   */
  retention(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /**
   * Sends, and answers one result per message: undefined once the broker has it durably. What is confirmed of one call is
   * a prefix per partition. Calls of one process keep their order per partition. Bounded: waits while too much is unconfirmed.
   */
  send(messages: readonly OutgoingMessage[]): Promise<readonly (SendError | undefined)[]>;
  /** Joins a declared group. Partitions are shared with its other instances, within one of each other. */
  subscribe(
    group: string,
    topics: readonly string[],
    deliver: Deliver,
    options?: ConsumerOptions,
  ): Promise<Consumer>;
  /** Reads what comes from now on, without a group. `resync` runs after each (re)connect and after each gap. */
  broadcast(
    topics: readonly string[],
    receive: (message: IncomingMessage) => void,
    resync: () => void,
  ): Promise<Consumer>;
  /** Where replies to this instance go; stable while connected. */
  readonly replyAddress: string;
  /** Sends a reply, best effort: no answer says whether it arrived. */
  reply(address: string, correlationId: string, headers: Headers, body: Buffer): Promise<void>;
  /** Replies that arrive at `replyAddress`. `onLost` runs when replies may have been missed. One listener. */
  onReply(
    listener: (correlationId: string, headers: Headers, body: Buffer) => void,
    onLost: () => void,
  ): void;
  lag(): Promise<readonly GroupLag[]>;
  /** Every group on the broker under the driver's prefix, whoever declared it, by name and topic. */
  groups(): Promise<readonly GroupReading[]>;
  /**
   * Removes a group whose service is gone for good, or its reading of one topic, with what it has not read. Declared again it
   * starts anew. Rejects when there is none, and while instances read it.
   */
  forgetGroup(group: string, topic?: string): Promise<void>;
  health(): Promise<DriverHealth>;
  /** Closes consumers, then connections, within `deadlineMs` (default 10,000). Idempotent and safe to call at once from several places. */
  close(deadlineMs?: number): Promise<void>;
}
