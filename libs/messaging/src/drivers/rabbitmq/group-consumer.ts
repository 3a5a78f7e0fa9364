import type { ChannelModel } from 'amqplib';
import { Delivery } from '../../delivery/delivery.js';
import { withinMs } from '../../delivery/within.js';
import type { Consumer, ConsumerOptions, Deliver } from '../../driver.js';
import { orFail } from './channel.js';
import { GroupSession, type SessionHost } from './group-session.js';
import { Kept } from './kept.js';
import type { Lease } from './lease.js';

const CLOSE_DEADLINE_MS = 10_000;
const JOIN_LIMIT_MS = 30_000;
/** Of a close the part that what runs may take; the rest is for handing over. */
const DRAIN_SHARE = 0.8;

export interface GroupHost extends SessionHost {
  /** Start no work when the broker was not heard for this long: it may have given the partitions away. */
  readonly silenceMs: number;
  left(consumer: GroupConsumer): void;
}

/** One group's partitions on this instance, over all its connections. */
export class GroupConsumer implements Consumer {
  readonly #delivery: Delivery;
  readonly #kept: Kept;
  #session: GroupSession | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    readonly group: string,
    private readonly topics: readonly string[],
    private readonly host: GroupHost,
    deliver: Deliver,
    options: ConsumerOptions = {},
  ) {
    this.#kept = new Kept(`joining group ${group}`, (model, ended) => this.#join(model, ended), host.warn);
    this.#delivery = new Delivery(deliver, {
      ...options,
      mayStart: () => this.#session?.isAlive(host.silenceMs) === true,
    });
  }

  get leases(): readonly Lease[] {
    return this.#session?.leases ?? [];
  }

  partitions(): ReadonlyMap<string, readonly number[]> {
    const byTopic = new Map<string, number[]>();
    for (const { topic, partition } of this.leases.filter((lease) => lease.isMine)) {
      byTopic.set(topic, [...(byTopic.get(topic) ?? []), partition]);
    }
    return byTopic;
  }

  /** Queues that owe their consumer here an answer. */
  stuckQueues(): readonly string[] {
    return this.leases
      .filter((lease) => lease.isStuck)
      .map(({ topic, partition }) => this.host.names.queue(topic, this.group, partition));
  }

  pause(): void {
    this.#delivery.pause();
  }

  resume(): void {
    this.#delivery.resume();
  }

  close(deadlineMs = CLOSE_DEADLINE_MS): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  /** Joins the group on a new connection; rejects when it can't now. */
  async attach(model: ChannelModel): Promise<void> {
    if (this.#session?.model !== model) await this.#kept.attach(model);
  }

  /** Tries again later when it can't join now. */
  async attachSoon(model: ChannelModel): Promise<void> {
    if (!this.#closing) await this.#kept.attachSoon(model);
  }

  /** The connection is gone. */
  detach(): void {
    this.#kept.detach();
    this.#session?.end();
  }

  /** As when the process dies: nothing more is started or acknowledged. */
  abort(): void {
    this.#closing ??= Promise.resolve();
    this.detach();
  }

  async #join(model: ChannelModel, ended: () => void): Promise<void> {
    const before = this.#session;
    this.#session = undefined;
    before?.end();
    const session: GroupSession = new GroupSession(
      model,
      this.group,
      this.topics,
      this.host,
      this.#delivery,
      () => {
        if (this.#session !== session) return;
        this.#session = undefined;
        ended();
      },
    );
    this.#session = session;
    try {
      await orFail(session.start(), JOIN_LIMIT_MS, `joining group ${this.group}`);
    } catch (error) {
      session.end();
      throw error;
    }
  }

  async #close(deadlineMs: number): Promise<void> {
    this.#kept.detach();
    const end = performance.now() + deadlineMs;
    this.#session?.leave();
    await this.#delivery.close(deadlineMs * DRAIN_SHARE);
    const session = this.#session;
    if (session) await withinMs(session.close(), end - performance.now());
    this.#session = undefined;
    this.host.left(this);
  }
}
