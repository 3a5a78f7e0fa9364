import { randomUUID } from 'node:crypto';
import type { ChannelModel } from 'amqplib';
import type { Topology, TopologyDifference } from '../../contract/topology.js';
import { withinMs } from '../../delivery/within.js';
import type {
  Consumer,
  ConsumerOptions,
  Deliver,
  Driver,
  DriverHealth,
  GroupLag,
  GroupReading,
  Headers,
  IncomingMessage,
  OutgoingMessage,
  SendError,
} from '../../driver.js';
import type { Finding } from '../../finding.js';
import { BroadcastConsumer, type BroadcastHost } from './broadcast-consumer.js';
import { Confirms } from './confirms.js';
import { Link } from './connection.js';
import { GroupConsumer, type GroupHost } from './group-consumer.js';
import { forgetGroup, readGroups } from './groups.js';
import { leaderless, QueueCheck } from './health.js';
import { LagReader } from './lag.js';
import { Names } from './names.js';
import { Publisher } from './publisher.js';
import { ReplyInbox, ReplySender } from './replies.js';
import { type RabbitmqDriverOptions, type Settings, settingsOf } from './settings.js';
import { Topics } from './topology.js';
import { planTopology } from './topology-plan.js';
import { findStrangers } from './strangers.js';
import { Voice } from './voice.js';

/** RabbitMQ tells only those who publish that it is short of memory or disk: not the first write should learn it. */
const PULSE_MS = 1_000;
const CLOSE_DEADLINE_MS = 10_000;
/** Of a close the part for handing over; the rest is for saying goodbye to the broker. */
const STOP_SHARE = 0.9;

/**
 * The bus on RabbitMQ 3.10 or later: quorum queues, one a group and partition, each with a single active consumer. Two
 * connections: a broker that runs out of memory stops those that publish, and must not stop consuming.
 */
export class RabbitmqDriver implements Driver {
  readonly name = 'rabbitmq';
  /** A queue can't be filled with what came before it. */
  readonly keepsMessages = false;
  readonly id = randomUUID();
  readonly #settings: Settings;
  readonly #names: Names;
  readonly #topics: Topics;
  readonly #publishing: Link;
  readonly #consuming: Link;
  readonly #confirms: Confirms;
  readonly #publisher: Publisher;
  readonly #replySender: ReplySender;
  readonly #voice: Voice;
  readonly #replyInbox: ReplyInbox;
  readonly #groups = new Set<GroupConsumer>();
  readonly #broadcasts = new Set<BroadcastConsumer>();
  readonly #lag = new LagReader();
  readonly #queueCheck = new QueueCheck();
  #pulse: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: RabbitmqDriverOptions) {
    const settings = (this.#settings = settingsOf(options));
    this.#names = new Names(settings.prefix);
    this.#topics = new Topics(this.#names, settings);
    const warn = settings.onWarning;
    this.#confirms = new Confirms(this.#names, this.#topics, warn);
    this.#publisher = new Publisher(this.#topics, settings.maxMessageBytes, () => this.#confirms.lane());
    const isBlocked = (): boolean => this.#confirms.blockedText() !== undefined;
    this.#replySender = new ReplySender(isBlocked, warn);
    this.#voice = new Voice(isBlocked, warn);
    this.#replyInbox = new ReplyInbox(this.id, this.#names, warn);
    const publishers = [this.#replySender, this.#voice];
    this.#publishing = new Link(settings, `taskwire publish ${this.id}`, {
      up: async (model) => {
        this.#pulse = setInterval(() => this.#voice.pulse(this.#replyInbox.address), PULSE_MS);
        this.#confirms.attach(model);
        await Promise.all(publishers.map((part) => part.attach(model)));
      },
      lost: () => {
        clearInterval(this.#pulse);
        for (const part of [this.#confirms, ...publishers]) part.detach();
      },
    });
    this.#consuming = new Link(settings, `taskwire consume ${this.id}`, {
      up: (model) => this.#consumeWith(model),
      lost: () => {
        for (const part of [this.#replyInbox, ...this.#groups, ...this.#broadcasts]) part.detach();
      },
    });
  }

  get replyAddress(): string {
    return this.#replyInbox.address;
  }

  async connect(): Promise<void> {
    await Promise.all([this.#publishing.connection(), this.#consuming.connection()]);
  }

  async declare(topology: Topology): Promise<void> {
    // Not with the connection that a broker short of memory stops.
    await this.#topics.declare(await this.#consuming.connection(), topology);
  }

  async plan(topology: Topology): Promise<readonly TopologyDifference[]> {
    return planTopology(await this.#publishing.connection(), this.#names, topology, this.#settings);
  }

  /** Settings that AMQP tells are in the topology: what is not durable is a conflict there. */
  async check(topology: Topology): Promise<readonly Finding[]> {
    return findStrangers(this.#settings, this.#names, topology);
  }

  /** A queue keeps what waits in it, for as long as it takes. */
  retention(): Promise<ReadonlyMap<string, number>> {
    return Promise.resolve(new Map());
  }

  async send(messages: readonly OutgoingMessage[]): Promise<readonly (SendError | undefined)[]> {
    return this.#publisher.send(messages);
  }

  async subscribe(
    group: string,
    topics: readonly string[],
    deliver: Deliver,
    options?: ConsumerOptions,
  ): Promise<Consumer> {
    this.#topics.demandGroup(group, topics);
    if ([...this.#groups].some((other) => other.group === group)) {
      throw new Error(
        `rabbitmq bus: this instance reads group ${group} already: subscribe once, with all its topics`,
      );
    }
    const host: GroupHost = {
      names: this.#names,
      topics: this.#topics,
      silenceMs: this.#settings.heartbeatSeconds * 1_000,
      voice: this.#voice,
      left: (left) => this.#groups.delete(left),
      warn: this.#settings.onWarning,
    };
    const consumer = new GroupConsumer(group, topics, host, deliver, options);
    // Known at once, so that a second consumer of the group is refused; attached by the link, should it reconnect now.
    this.#groups.add(consumer);
    try {
      await consumer.attach(await this.#consuming.connection());
    } catch (error) {
      consumer.abort();
      this.#groups.delete(consumer);
      throw error;
    }
    return consumer;
  }

  async broadcast(
    topics: readonly string[],
    receive: (message: IncomingMessage) => void,
    resync: () => void,
  ): Promise<Consumer> {
    const host: BroadcastHost = {
      names: this.#names,
      topics: this.#topics,
      left: (left) => this.#broadcasts.delete(left),
      warn: this.#settings.onWarning,
    };
    for (const topic of topics) this.#topics.partitionsOf(topic);
    const model = await this.#consuming.connection();
    const consumer = new BroadcastConsumer(topics, host, receive, resync);
    this.#broadcasts.add(consumer);
    try {
      await consumer.attach(model);
    } catch (error) {
      await consumer.close();
      throw error;
    }
    return consumer;
  }

  async reply(address: string, correlationId: string, headers: Headers, body: Buffer): Promise<void> {
    await this.#replySender.send(address, correlationId, headers, body);
  }

  onReply(
    listener: (correlationId: string, headers: Headers, body: Buffer) => void,
    onLost: () => void,
  ): void {
    this.#replyInbox.listen(listener, onLost);
  }

  async lag(): Promise<readonly GroupLag[]> {
    const leases = new Map(
      [...this.#groups].flatMap(({ group, leases: held }) =>
        held.map((lease) => [this.#names.queue(lease.topic, group, lease.partition), lease] as const),
      ),
    );
    const model = await this.#consuming.connection();
    return this.#lag.read(model, this.#topics.groupQueues(), ({ name }) => leases.get(name));
  }

  async groups(): Promise<readonly GroupReading[]> {
    return readGroups(await this.#place());
  }

  async forgetGroup(group: string, topic?: string): Promise<void> {
    await forgetGroup(await this.#place(), group, topic);
  }

  async health(): Promise<DriverHealth> {
    const [publishing, consuming] = [this.#publishing.model, this.#consuming.model];
    if (!publishing || !consuming) {
      return { up: false, detail: 'no connection to RabbitMQ: check that it runs and that the URL is right' };
    }
    const refusal = this.#confirms.blockedText();
    if (refusal !== undefined) return { up: false, detail: refusal };
    const [stuck] = [...this.#groups].flatMap((group) => group.stuckQueues());
    if (stuck !== undefined) return { up: false, detail: leaderless(stuck) };
    return this.#queueCheck.health(consuming, this.#topics.groupQueues());
  }

  close(deadlineMs = CLOSE_DEADLINE_MS): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  /** As if the process had died: cuts the connections, acknowledges and hands over nothing. For tests. */
  abort(): void {
    this.#closing ??= Promise.resolve();
    for (const group of this.#groups) group.abort();
    this.#publishing.abort();
    this.#consuming.abort();
  }

  async #place() {
    return { model: await this.#consuming.connection(), names: this.#names, settings: this.#settings };
  }

  /** What lives on the consuming connection. Only replies are waited for: what takes long must not end the connection. */
  async #consumeWith(model: ChannelModel): Promise<void> {
    await this.#replyInbox.attach(model);
    for (const part of [...this.#groups, ...this.#broadcasts]) void part.attachSoon(model);
  }

  async #close(deadlineMs: number): Promise<void> {
    const end = performance.now() + deadlineMs;
    const stopMs = deadlineMs * STOP_SHARE;
    await Promise.all([
      ...[...this.#groups].map((group) => group.close(stopMs)),
      ...[...this.#broadcasts].map((broadcast) => withinMs(broadcast.close(), stopMs)),
      this.#publisher.close(stopMs),
    ]);
    const goodbye = Promise.all([this.#publishing.close(), this.#consuming.close()]);
    if (!(await withinMs(goodbye, end - performance.now()))) this.abort();
  }
}

export const rabbitmqDriver = (options: RabbitmqDriverOptions): RabbitmqDriver => new RabbitmqDriver(options);
