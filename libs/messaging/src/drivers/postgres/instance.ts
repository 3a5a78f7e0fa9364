import type pg from 'pg';
import type { Consumer, ConsumerOptions, Deliver, DriverHealth, IncomingMessage } from '../../driver.js';
import { withinMs } from '../../delivery/within.js';
import { BroadcastConsumer } from './broadcast-consumer.js';
import { Commits } from './commits.js';
import { Link } from './connection.js';
import { Fetcher } from './fetcher.js';
import { GroupConsumer, type GroupHost } from './group-consumer.js';
import { Lane } from './lane.js';
import { Listener } from './listener.js';
import { Membership } from './membership.js';
import { healthOf } from './health.js';
import type { OwnedPartition } from './owned-partition.js';
import { Publisher } from './publisher.js';
import { addressOf } from './reply-address.js';
import { ReplyInbox } from './reply-inbox.js';
import { ReplySender } from './reply-sender.js';
import type { Settings } from './settings.js';
import { SizeBound } from './size-bound.js';
import { messageOf } from './sql-state.js';
import { Topics, type PartitionRef } from './topology.js';
import { Trimmer } from './trimmer.js';
import { Waker } from './wake.js';
import { withoutRepeats } from './warnings.js';

const WARN_EVERY_MS = 10_000;
const RETRY_MS = 200;

/** The parts of one driver and how they are connected. Connections: control, data, and one a lane. */
export class Instance implements GroupHost {
  readonly data: Link;
  readonly topics: Topics;
  readonly publisher: Publisher;
  readonly replies: ReplySender;
  readonly inbox: ReplyInbox;
  readonly fetcher: Fetcher;
  /** LISTEN, heartbeat and NOTIFY share a connection, so that a dead one is noticed within a beat. */
  readonly #control: Link;
  readonly #lanes: readonly Link[];
  readonly #commits: Commits;
  readonly #membership: Membership;
  readonly #listener: Listener;
  readonly #trimmer: Trimmer;
  readonly #warn: (text: string) => void;

  constructor(
    readonly id: string,
    readonly settings: Settings,
  ) {
    const { url, lanes, maxBytes, beatMs, trimEveryMs } = settings;
    this.data = new Link(url, `taskwire-bus data ${id}`);
    this.#control = new Link(url, `taskwire-bus control ${id}`, {
      up: (client) => this.#up(client),
      lost: () => {
        this.#membership.beatSoon(50);
      },
    });
    this.#lanes = Array.from({ length: lanes }, () => new Link(url, `taskwire-bus append ${id}`));
    this.#warn = withoutRepeats(settings.onWarning, WARN_EVERY_MS);
    this.fetcher = new Fetcher(this.data, (fault) => {
      this.warn(`postgres bus: reading messages failed, trying again: ${messageOf(fault)}`);
      this.#membership.beatSoon(RETRY_MS);
    });
    this.#commits = new Commits(this.data, (partition) => {
      for (const group of this.#membership.groups) if (group.owned.includes(partition)) group.drop(partition);
    });
    this.inbox = new ReplyInbox(id, this.data, (fault) => {
      this.warn(`postgres bus: reading replies failed: ${messageOf(fault)}`);
    });
    const warn = this.#warn;
    this.#membership = new Membership(id, this.#control, { ...settings, onWarning: warn }, () => {
      this.inbox.take();
    });
    this.#listener = new Listener(id, this.#control, this.#membership, this.fetcher, this.inbox, warn);
    this.topics = new Topics(this.data, warn);
    this.replies = new ReplySender(this.data);
    this.#trimmer = new Trimmer(this.data, maxBytes, trimEveryMs, (fault) => {
      this.warn(`postgres bus: trim failed, the next one is due soon: ${messageOf(fault)}`);
    });
    const waker = new Waker(this.#control, (part) => this.topics.channelOfPartition(part));
    const lane = (link: Link): Lane => {
      const bound = new SizeBound(link, maxBytes, beatMs, () => this.#trimmer.poke());
      return new Lane(link, bound, (parts) => waker.appended(parts));
    };
    this.publisher = new Publisher(this.#lanes.map(lane), this.topics, settings.maxMessageBytes);
  }

  get replyAddress(): string {
    return addressOf(this.id, this.#membership.deaf);
  }

  async start(): Promise<void> {
    await Promise.all([this.#control.client(), this.data.client(), ...this.#lanes.map((l) => l.client())]);
    this.#membership.start();
    this.#trimmer.start();
  }

  async subscribe(
    group: string,
    topics: readonly string[],
    deliver: Deliver,
    options?: ConsumerOptions,
  ): Promise<Consumer> {
    const subs = topics.map((topic) => this.topics.subscriptionId(group, topic));
    if ([...this.#membership.groups].some((other) => other.group === group)) {
      throw new Error(
        `postgres bus: this instance reads group ${group} already: subscribe once, with all its topics`,
      );
    }
    await this.#listener.hear(topics.map((topic) => this.topics.channelOf(topic)));
    const consumer = new GroupConsumer(group, subs, this, deliver, options);
    this.#membership.groups.add(consumer);
    try {
      await this.#membership.beat();
    } catch (error) {
      this.#membership.groups.delete(consumer);
      throw error;
    }
    return consumer;
  }

  async broadcast(
    topics: readonly string[],
    receive: (message: IncomingMessage) => void,
    resync: () => void,
  ): Promise<Consumer> {
    const ids = topics.flatMap((topic) => this.topics.partitionsOf(topic));
    const refs = ids.map((id) => this.topics.partition(id)).filter((ref) => ref !== undefined);
    await this.#listener.hear(topics.map((topic) => this.topics.channelOf(topic)));
    const heads = await this.#membership.heads(ids);
    const { broadcasts } = this.#membership;
    const consumer = new BroadcastConsumer(this.fetcher, refs, heads, receive, resync, (closed) => {
      broadcasts.delete(closed);
    });
    broadcasts.add(consumer);
    resync();
    return consumer;
  }

  async health(): Promise<DriverHealth> {
    return healthOf(this.data, this.#control);
  }

  /** Hands everything over; what is sent after it is refused. */
  async stop(deadlineMs: number): Promise<void> {
    this.#trimmer.stop();
    const { groups, broadcasts } = this.#membership;
    await Promise.all([
      ...[...groups].map((group) => group.close(deadlineMs)),
      ...[...broadcasts].map((broadcast) => broadcast.close()),
      this.publisher.close(deadlineMs),
    ]);
    await withinMs(this.replies.idle(), deadlineMs);
    this.#membership.stop();
    this.#listener.stop();
    this.fetcher.stop();
  }

  async disconnect(): Promise<void> {
    await Promise.all([this.#control, this.data, ...this.#lanes].map((link) => link.close()));
  }

  abort(): void {
    this.#trimmer.stop();
    this.#membership.stop();
    this.#listener.stop();
    this.fetcher.stop();
    for (const group of this.#membership.groups) group.abort();
    for (const link of [this.#control, this.data, ...this.#lanes]) link.abort();
  }

  readonly isAlive = (): boolean => this.#membership.isAlive();

  partition(id: number): PartitionRef | undefined {
    return this.topics.partition(id);
  }

  commit(partition: OwnedPartition): void {
    this.#commits.add(partition);
  }

  async release(partition: OwnedPartition): Promise<void> {
    await this.#membership.release(partition);
  }

  async leave(consumer: GroupConsumer): Promise<void> {
    await this.#membership.leave(consumer);
  }

  warn(text: string): void {
    this.#warn(text);
  }

  async #up(client: pg.Client): Promise<void> {
    const isReconnect = await this.#listener.attach(client);
    if (!isReconnect) return;
    for (const broadcast of this.#membership.broadcasts) broadcast.resynchronise();
    this.inbox.lost();
    this.#membership.beatSoon();
  }
}
