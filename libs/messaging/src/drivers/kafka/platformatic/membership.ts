import { setTimeout as sleep } from 'node:timers/promises';
import {
  Consumer,
  cooperativeStickyAssigner,
  type GroupAssignment,
  type GroupPartitionsAssigner,
} from '@platformatic/kafka';
import { pauseBefore, RECONNECT_BACKOFF } from '../../../delivery/backoff.js';
import type { PartitionOffset } from '../client.js';
import type { Outage } from '../outage.js';
import { REBALANCE_TIMEOUT_MS, type Settings, trustedMs } from '../settings.js';
import { baseOptions, closeQuietly, cut, watched } from './client.js';

const COOPERATIVE = [{ name: 'cooperative-sticky', version: 3 }];

/** Of all topics that any member reads. The client's default is the leader's, which during a deployment may be the old ones. */
const assigner: GroupPartitionsAssigner = (current, members, _leaders, metadata) =>
  cooperativeStickyAssigner(current, members, new Set(metadata.topics.keys()), metadata);

export interface MembershipEvents {
  /** About to join (again). Partitions that are not in `kept` must be given up before this resolves. */
  revoked(kept: readonly GroupAssignment[]): Promise<void>;
  /** The group has gone on without this member: whatever it held is somebody else's. */
  lost(): void;
  joined(assignments: readonly GroupAssignment[]): void;
  /** A heartbeat was answered. */
  beat(): void;
}

/**
 * A member of a group by the classic protocol with cooperative-sticky assignment: only what moves is given up, and
 * `protocolsMetadata`, which the client awaits before each JoinGroup, is the moment to give it up in good order.
 *
 * The client never repeats by itself (`retries: false`): it would answer a refused commit by joining again and committing
 * once more, which after an eviction moves the group's offset back.
 */
export class Membership {
  readonly #client: Consumer;
  readonly #end = new AbortController();
  #joining: Promise<void> | undefined;
  /** From giving up until the group has shared anew. */
  #isSharing = true;
  #aliveAt = -Infinity;
  #beatSentAt = -Infinity;

  constructor(
    private readonly settings: Settings,
    private readonly topics: readonly string[],
    group: string,
    private readonly events: MembershipEvents,
    private readonly outage: Outage,
  ) {
    const { sessionTimeoutMs, heartbeatMs } = settings;
    const client = new Consumer({
      ...baseOptions(settings, false),
      groupId: group,
      autocommit: false,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: Math.max(REBALANCE_TIMEOUT_MS, sessionTimeoutMs),
      heartbeatInterval: heartbeatMs,
      protocols: COOPERATIVE,
      partitionAssigner: assigner,
      protocolsMetadata: async () => {
        await this.#beforeJoin();
        return Buffer.alloc(0);
      },
    });
    this.#client = watched(client);
    client.topics.trackAll(...topics);
    client.on('error', () => this.#joinAgain());
    client.on('consumer:heartbeat:start', () => {
      this.#beatSentAt = performance.now();
    });
    client.on('consumer:heartbeat:end', () => {
      this.#aliveAt = Math.max(this.#aliveAt, this.#beatSentAt);
      events.beat();
    });
    client.on('consumer:heartbeat:error', ({ error }) => {
      if (performance.now() - this.#aliveAt > trustedMs(settings)) this.outage.began(error);
    });
    client.on('consumer:group:join', ({ assignments }) => {
      this.#isSharing = false;
      this.#aliveAt = performance.now();
      events.joined(assignments ?? []);
    });
  }

  /** Whether the group certainly still counts on this member. */
  get isAlive(): boolean {
    return performance.now() - this.#aliveAt < trustedMs(this.settings);
  }

  mayCommit(isLast: boolean): boolean {
    return (isLast || !this.#isSharing) && this.isAlive && this.#client.memberId !== null;
  }

  /** The group's offsets by topic and partition; -1 where it has none. */
  async committed(topic: string, partitions: number[]): Promise<readonly (bigint | undefined)[]> {
    const offsets = await this.#client.listCommittedOffsets({ topics: [{ topic, partitions }] });
    return offsets.get(topic) ?? [];
  }

  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    await this.#client.commit({ offsets: offsets.map((offset) => ({ ...offset, leaderEpoch: -1 })) });
  }

  /** Resolves when joined. */
  async join(): Promise<void> {
    this.#joining ??= this.#join().finally(() => {
      this.#joining = undefined;
    });
    await this.#joining;
  }

  async leave(): Promise<void> {
    this.#end.abort();
    this.#isSharing = true;
    await this.#client.close(true).catch(() => closeQuietly(this.#client));
  }

  abort(): void {
    this.#end.abort();
    this.#isSharing = true;
    this.#aliveAt = -Infinity;
    cut(this.#client);
  }

  /** After a failed rejoin the client does nothing more: no heartbeat runs. */
  #joinAgain(): void {
    this.#isSharing = true;
    if (!this.#end.signal.aborted) void this.join();
  }

  async #join(): Promise<void> {
    const { signal } = this.#end;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        await this.#client.joinGroup({});
        this.outage.ended();
        return;
      } catch (error) {
        if (attempt > 2 && !signal.aborted) this.outage.began(error);
        const pause = pauseBefore(attempt, RECONNECT_BACKOFF) * (0.5 + Math.random() / 2);
        await sleep(pause, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #beforeJoin(): Promise<void> {
    const isMember = this.isAlive && this.#client.memberId !== null;
    if (isMember) await this.events.revoked(this.#client.assignments ?? []);
    else this.events.lost();
    this.#isSharing = true;
  }
}

export const holds = (assignments: readonly GroupAssignment[], topic: string, partition: number): boolean =>
  assignments.some((assignment) => assignment.topic === topic && assignment.partitions.includes(partition));
