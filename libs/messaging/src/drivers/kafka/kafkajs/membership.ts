import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import { pauseBefore, RECONNECT_BACKOFF } from '../../../delivery/backoff.js';
import type { PartitionOffset } from '../client.js';
import type { Outage } from '../outage.js';
import {
  FETCH_BYTES,
  FETCH_WAIT_MS,
  PARTITION_FETCH_BYTES,
  REBALANCE_TIMEOUT_MS,
  type Settings,
  trustedMs,
} from '../settings.js';
import { subscribedRoundRobin } from './assigner.js';
import { openKafka, Sockets } from './client.js';

const RETRY = { initialRetryTime: 50, maxRetryTime: 1_000, retries: 6 };

export interface MembershipEvents {
  /** About to join (again), by a protocol in which everything is given up each time. */
  revoked(): Promise<void>;
  /** The group has gone on without this member: whatever it held is somebody else's. */
  lost(): void;
  joined(assignment: Readonly<Record<string, readonly number[]>>): void;
  /** A heartbeat was answered. */
  beat(): void;
  batch(payload: EachBatchPayload): Promise<void>;
}

/** A member of a group by kafkajs. A client that gives up is replaced by a new one, until the membership ends. */
export class Membership {
  readonly #end = new AbortController();
  #consumer: Consumer | undefined;
  #sockets: Sockets | undefined;
  #isSharing = true;
  #aliveAt = -Infinity;
  #beatSentAt = -Infinity;
  readonly #joined = Promise.withResolvers<undefined>();

  constructor(
    private readonly settings: Settings,
    private readonly topics: readonly string[],
    private readonly group: string,
    private readonly events: MembershipEvents,
    private readonly outage: Outage,
  ) {}

  get isAlive(): boolean {
    return performance.now() - this.#aliveAt < trustedMs(this.settings);
  }

  mayCommit(isLast: boolean): boolean {
    return (isLast || !this.#isSharing) && this.isAlive;
  }

  /** Resolves when joined for the first time. */
  async join(): Promise<void> {
    void this.#run();
    await this.#joined.promise;
  }

  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    if (!this.#consumer) throw new Error('no consumer');
    await this.#consumer.commitOffsets(offsets.map((o) => ({ ...o, offset: String(o.offset) })));
  }

  pause(topic: string, partition: number): void {
    this.#whileRunning((consumer) => consumer.pause([{ topic, partitions: [partition] }]));
  }

  resume(topic: string, partition: number): void {
    this.#whileRunning((consumer) => consumer.resume([{ topic, partitions: [partition] }]));
  }

  async leave(): Promise<void> {
    this.#end.abort();
    this.#isSharing = true;
    await this.#consumer?.disconnect().catch(() => undefined);
    this.#sockets?.cut();
  }

  abort(): void {
    this.#end.abort();
    this.#isSharing = true;
    this.#aliveAt = -Infinity;
    this.#sockets?.cut();
    this.#consumer?.disconnect().catch(() => undefined);
  }

  /** One client after the other. */
  async #run(): Promise<void> {
    const { signal } = this.#end;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      const joinedBefore = this.#aliveAt;
      const error = await this.#consume().catch((thrown: unknown) => thrown);
      this.#isSharing = true;
      if (signal.aborted) return;
      this.events.lost();
      if (this.#aliveAt > joinedBefore) attempt = 1;
      else this.outage.began(error);
      const pause = pauseBefore(attempt, RECONNECT_BACKOFF) * (0.5 + Math.random() / 2);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Runs a client until it gives up; resolves with the reason. */
  async #consume(): Promise<unknown> {
    const sockets = new Sockets(undefined, {
      beforeJoin: () => this.#beforeJoin(),
      heartbeat: () => {
        this.#beatSentAt = performance.now();
      },
    });
    const consumer = this.#open(sockets);
    this.#sockets = sockets;
    this.#consumer = consumer;
    const crashed = new Promise<unknown>((resolve) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error));
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [...this.topics], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: (payload) => this.events.batch(payload),
      });
      return await crashed;
    } finally {
      if (!this.#end.signal.aborted) {
        sockets.cut();
        void consumer.disconnect().catch(() => undefined);
      }
    }
  }

  #open(sockets: Sockets): Consumer {
    const { sessionTimeoutMs, heartbeatMs } = this.settings;
    const consumer = openKafka(this.settings, sockets, RETRY).consumer({
      groupId: this.group,
      partitionAssigners: [subscribedRoundRobin],
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: Math.max(REBALANCE_TIMEOUT_MS, sessionTimeoutMs),
      heartbeatInterval: heartbeatMs,
      maxWaitTimeInMs: Math.min(FETCH_WAIT_MS, heartbeatMs),
      maxBytes: FETCH_BYTES,
      maxBytesPerPartition: PARTITION_FETCH_BYTES,
      allowAutoTopicCreation: false,
      readUncommitted: true,
      // A new client takes over: this one would keep what a crash has left behind.
      retry: { ...RETRY, restartOnFailure: () => Promise.resolve(false) },
    });
    consumer.on(consumer.events.HEARTBEAT, () => {
      if (this.#consumer !== consumer) return;
      this.#aliveAt = Math.max(this.#aliveAt, this.#beatSentAt);
      this.events.beat();
    });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      if (this.#consumer !== consumer || this.#end.signal.aborted) return;
      this.#isSharing = false;
      this.#aliveAt = performance.now();
      this.outage.ended();
      this.events.joined(payload.memberAssignment);
      this.#joined.resolve(undefined);
    });
    return consumer;
  }

  async #beforeJoin(): Promise<void> {
    if (this.isAlive) await this.events.revoked();
    else this.events.lost();
    this.#isSharing = true;
  }

  /** A consumer that does not run throws. */
  #whileRunning(change: (consumer: Consumer) => void): void {
    try {
      if (this.#consumer) change(this.#consumer);
    } catch {
      // It starts anew, with nothing paused.
    }
  }
}
