import type { ChannelModel } from 'amqplib';
import { type Backoff, pauseBefore } from '../../delivery/backoff.js';
import type { Delivery } from '../../delivery/delivery.js';
import { messageOf } from './channel.js';
import { Lease } from './lease.js';
import { Members } from './members.js';
import type { Names } from './names.js';
import { ownersOf } from './shares.js';
import type { Topics } from './topology.js';
import type { Voice } from './voice.js';

/** How long the answers of the others are waited for before the first partition is taken. */
const ACQUAINTANCE_MS = 50;
/** Between attempts to read a queue that can't be read; each costs a channel, and a line of the broker's log. */
const TAKE_BACKOFF: Backoff = { firstMs: 500, mostMs: 10_000 };

export interface SessionHost {
  readonly names: Names;
  readonly topics: Topics;
  readonly voice: Voice;
  warn(text: string): void;
}

/** One group's membership and leases on one connection; the next connection gets a session of its own. */
export class GroupSession {
  readonly #members: Members;
  readonly #leases = new Map<string, Lease>();
  /** Of queues that could not be read. */
  readonly #failures = new Map<string, { readonly count: number; readonly until: number }>();
  #isAcquainted = false;
  #ended = false;

  constructor(
    readonly model: ChannelModel,
    private readonly group: string,
    private readonly read: readonly string[],
    private readonly host: SessionHost,
    private readonly delivery: Delivery,
    private readonly onLost: () => void,
  ) {
    this.#members = new Members(host.names, group, read, host.voice, {
      claims: () => [...this.#leases].filter(([, lease]) => lease.isClaimed).map(([key]) => key),
      changed: () => this.#balance(),
      heard: () => delivery.wake(),
      lost: () => this.end(),
    });
  }

  get leases(): readonly Lease[] {
    return [...this.#leases.values()];
  }

  isAlive(withinMs: number): boolean {
    return this.#members.isAlive(withinMs);
  }

  async start(): Promise<void> {
    await this.#members.join(this.model);
    await new Promise((resolve) => setTimeout(resolve, ACQUAINTANCE_MS));
    this.#isAcquainted = true;
    this.#balance();
  }

  /** Says goodbye, so that others queue up for what is still held. */
  leave(): void {
    this.#isAcquainted = false;
    this.#members.bye();
  }

  /** Gives back to the broker what was not acknowledged. */
  async close(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.leases.map((lease) => lease.close()));
    this.#leases.clear();
    await this.#members.leave();
  }

  /** The connection or the membership is gone, and with them everything held. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const lease of this.leases) void lease.close();
    this.#leases.clear();
    void this.#members.leave();
    this.onLost();
  }

  #balance(): void {
    if (!this.#isAcquainted || this.#ended) return;
    for (const topic of this.read) {
      const readers = [...this.#members.peers].filter(([, peer]) => peer.topics.has(topic)).map(([id]) => id);
      const owners = ownersOf(
        topic,
        this.host.topics.partitionsOf(topic),
        [this.#members.id, ...readers].sort(),
      );
      for (const [partition, owner] of owners.entries()) this.#settle(topic, partition, owner);
    }
  }

  #settle(topic: string, partition: number, owner: string): void {
    const key = `${topic}/${String(partition)}`;
    const lease = this.#leases.get(key);
    if (!lease) {
      const mayTry = performance.now() >= (this.#failures.get(key)?.until ?? 0);
      if (owner === this.#members.id && mayTry) void this.#take(key, topic, partition);
      return;
    }
    const isContested = [...this.#members.peers.values()].some((peer) => peer.claims.has(key));
    if (lease.isClaimed && !isContested) lease.own();
    // Until its next owner waits for it, a partition is worked on here.
    const heir = owner === this.#members.id ? undefined : this.#members.peers.get(owner);
    if (heir?.claims.has(key) === true && !lease.isReleasing) void this.#release(key, lease);
  }

  async #take(key: string, topic: string, partition: number): Promise<void> {
    const lease = new Lease(topic, partition, this.delivery);
    this.#leases.set(key, lease);
    const queue = this.host.names.queue(topic, this.group, partition);
    try {
      const tag = this.host.names.newConsumerTag();
      await lease.open(this.model, queue, tag, () => this.#forget(key, lease));
      this.#failures.delete(key);
      this.#members.tell();
    } catch (error) {
      lease.lose();
      this.#forget(key, lease);
      const count = (this.#failures.get(key)?.count ?? 0) + 1;
      this.#failures.set(key, { count, until: performance.now() + pauseBefore(count, TAKE_BACKOFF) });
      if (!this.#ended)
        this.host.warn(
          `rabbitmq bus: can't read ${queue}, trying again; was it deleted? Then declare the topology again: ${messageOf(error)}`,
        );
    }
  }

  async #release(key: string, lease: Lease): Promise<void> {
    await lease.release();
    this.#forget(key, lease);
    this.#members.tell();
  }

  #forget(key: string, lease: Lease): void {
    if (this.#leases.get(key) === lease) this.#leases.delete(key);
  }
}
