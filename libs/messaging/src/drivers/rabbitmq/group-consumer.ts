import type { ChannelModel } from 'amqplib';
import { pauseBefore, RECONNECT_BACKOFF } from '../../delivery/backoff.js';
import { Delivery } from '../../delivery/delivery.js';
import { withinMs } from '../../delivery/within.js';
import type { Consumer, ConsumerOptions, Deliver } from '../../driver.js';
import { messageOf } from './connection.js';
import { GroupSession, type SessionHost } from './group-session.js';
import type { Lease } from './lease.js';

const CLOSE_DEADLINE_MS = 10_000;
/** Of a close the part that what runs may take; the rest is for handing over. */
const DRAIN_SHARE = 0.8;

export interface GroupHost extends SessionHost {
  /** The connection to consume with, if there is one. */
  model(): ChannelModel | undefined;
  /** Start no work when the broker was not heard for this long: it may have given the partitions away. */
  readonly silenceMs: number;
  left(consumer: GroupConsumer): void;
}

/** One group's partitions on this instance, over all its connections. */
export class GroupConsumer implements Consumer {
  readonly #delivery: Delivery;
  #session: GroupSession | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #closing: Promise<void> | undefined;

  constructor(
    readonly group: string,
    private readonly topics: readonly string[],
    private readonly host: GroupHost,
    deliver: Deliver,
    options: ConsumerOptions = {},
  ) {
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

  /** Joins the group on a new connection. */
  async attach(model: ChannelModel): Promise<void> {
    if (this.#session?.model === model) return;
    clearTimeout(this.#retry);
    const session: GroupSession = new GroupSession(
      model,
      this.group,
      this.topics,
      this.host,
      this.#delivery,
      () => this.#lost(session),
    );
    this.#session = session;
    try {
      await session.start();
      this.#failures = 0;
    } catch (error) {
      session.end();
      throw error;
    }
  }

  /** The connection is gone. */
  detach(): void {
    this.#session?.end();
  }

  /** As when the process dies: nothing more is started or acknowledged. */
  abort(): void {
    this.#closing ??= Promise.resolve();
    clearTimeout(this.#retry);
    this.detach();
  }

  #lost(session: GroupSession): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    if (this.#closing) return;
    this.#rejoinSoon();
  }

  #rejoinSoon(): void {
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#rejoin(), pauseBefore(this.#failures, RECONNECT_BACKOFF));
  }

  /** For a membership that was lost without its connection; after a lost connection the next one attaches, mostly sooner. */
  #rejoin(): void {
    if (this.#session || this.#closing) return;
    const model = this.host.model();
    if (!model) {
      this.#rejoinSoon();
      return;
    }
    this.attach(model).catch((error: unknown) => {
      this.host.warn(
        `rabbitmq bus: group ${this.group} can't join, trying again; are its queues declared? ${messageOf(error)}`,
      );
    });
  }

  async #close(deadlineMs: number): Promise<void> {
    clearTimeout(this.#retry);
    const end = performance.now() + deadlineMs;
    this.#session?.leave();
    await this.#delivery.close(deadlineMs * DRAIN_SHARE);
    const session = this.#session;
    if (session) await withinMs(session.close(), end - performance.now());
    this.#session = undefined;
    this.host.left(this);
  }
}
