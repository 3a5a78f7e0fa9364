import { randomUUID } from 'node:crypto';
import type { Topology, TopologyDifference } from '../../contract/topology.js';
import { withinMs } from '../../delivery/within.js';
import {
  type Consumer,
  type ConsumerOptions,
  type Deliver,
  type Driver,
  type DriverHealth,
  type GroupLag,
  type GroupReading,
  type Headers,
  type IncomingMessage,
  type OutgoingMessage,
  SendError,
} from '../../driver.js';
import type { Finding } from '../../finding.js';
import { BroadcastConsumer } from './broadcast-consumer.js';
import { checkCopies } from './check.js';
import { checkMembers } from './check-members.js';
import { type Clients, clientsOf } from './clients.js';
import type { ProducerPort } from './client.js';
import { GroupConsumer } from './group-consumer.js';
import { forgetGroup, readGroups } from './groups.js';
import { healthOf } from './health.js';
import { readLag } from './lag.js';
import { Names } from './names.js';
import { Outage } from './outage.js';
import { Cluster } from './platformatic/cluster.js';
import { RecordReader } from './platformatic/record-reader.js';
import { Publisher, type SendTarget } from './publisher.js';
import { replyHeaders, ReplyInbox, type ReplyListener, replyPartition } from './replies.js';
import { type KafkaDriverOptions, MESSAGE_OVERHEAD_BYTES, type Settings, settingsOf } from './settings.js';
import { Topics } from './topology.js';
import { planTopology } from './topology-plan.js';

const CLOSE_DEADLINE_MS = 10_000;
/** Of a close the part for handing over; the rest is for saying goodbye to the brokers. */
const STOP_SHARE = 0.9;

/** The bus on Kafka 2.5 or later, with one of two clients. */
export class KafkaDriver implements Driver {
  readonly name = 'kafka';
  readonly keepsMessages = true;
  readonly id = randomUUID();
  readonly #settings: Settings;
  readonly #names: Names;
  readonly #outage: Outage;
  readonly #clients: Clients;
  readonly #cluster: Cluster;
  readonly #reader: RecordReader;
  readonly #topics: Topics;
  readonly #producer: ProducerPort;
  readonly #publisher: Publisher;
  readonly #inbox: ReplyInbox;
  readonly #groups = new Set<GroupConsumer>();
  readonly #broadcasts = new Set<BroadcastConsumer>();
  #replyPartitions = 0;
  #connecting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: KafkaDriverOptions) {
    const settings = (this.#settings = settingsOf(options, this.id));
    this.#names = new Names(settings.prefix);
    this.#outage = new Outage(settings.onWarning);
    this.#clients = clientsOf(settings, this.#outage);
    this.#cluster = new Cluster(settings);
    this.#reader = new RecordReader(settings);
    this.#topics = new Topics(this.#cluster, this.#names, settings);
    this.#producer = this.#clients.producer();
    this.#publisher = new Publisher(
      this.#producer,
      {
        target: (message) => this.#target(message),
        maxMessageBytes: settings.maxMessageBytes,
        deliveryTimeoutMs: settings.deliveryTimeoutMs,
        tooLarge: () => this.#topics.readLimits(),
      },
      this.#outage,
    );
    this.#inbox = new ReplyInbox(this.id, this.#names.replies, settings, this.#outage);
  }

  get replyAddress(): string {
    return this.#inbox.address;
  }

  connect(): Promise<void> {
    this.#connecting ??= this.#connect().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }

  async declare(topology: Topology): Promise<void> {
    await this.#topics.declare(topology);
  }

  async plan(topology: Topology): Promise<readonly TopologyDifference[]> {
    this.#demandOpen();
    return planTopology(this.#cluster, this.#names, topology);
  }

  async check({ topics, groups }: Topology): Promise<readonly Finding[]> {
    this.#demandOpen();
    const [copies, members] = await Promise.all([
      checkCopies(this.#cluster, this.#names, this.#settings, topics),
      checkMembers(this.#cluster, this.#names, this.#settings, groups),
    ]);
    return [...copies, ...members];
  }

  async retention(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    this.#demandOpen();
    const found = await this.#cluster.retention(topics.map((name) => this.#names.topic(name)));
    return new Map([...found].map(([name, ms]) => [this.#names.plain(name), ms]));
  }

  async send(messages: readonly OutgoingMessage[]): Promise<readonly (SendError | undefined)[]> {
    return this.#publisher.send(messages);
  }

  async subscribe(
    group: string,
    topics: readonly string[],
    deliver: Deliver,
    options: ConsumerOptions = {},
  ): Promise<Consumer> {
    this.#demandOpen();
    this.#topics.demandGroup(group, topics);
    if ([...this.#groups].some((other) => other.group === group)) {
      throw new Error(
        `kafka bus: this instance reads group ${group} already: subscribe once, with all its topics`,
      );
    }
    const named = topics.map((name) => ({ name, onBroker: this.#names.topic(name) }));
    const session = this.#clients.group(this.#names.group(group), named, deliver, options);
    const consumer = new GroupConsumer(group, session, (left) => this.#groups.delete(left));
    // Known at once, so that a second consumer of the group is refused.
    this.#groups.add(consumer);
    try {
      await consumer.join();
    } catch (error) {
      consumer.abort();
      throw error;
    }
    return consumer;
  }

  async broadcast(
    topics: readonly string[],
    receive: (message: IncomingMessage) => void,
    resync: () => void,
  ): Promise<Consumer> {
    this.#demandOpen();
    const named = topics.map((name) => ({
      name,
      onBroker: this.#names.topic(name),
      partitions: this.#topics.partitionsOf(name),
    }));
    const consumer = new BroadcastConsumer(this.#settings, this.#outage, named, receive, resync, (left) => {
      this.#broadcasts.delete(left);
    });
    this.#broadcasts.add(consumer);
    try {
      await consumer.start();
    } catch (error) {
      await consumer.close();
      throw error;
    }
    return consumer;
  }

  async reply(address: string, correlationId: string, headers: Headers, body: Buffer): Promise<void> {
    if (this.#replyPartitions === 0) throw new Error('kafka bus: the driver is not connected');
    const [error] = await this.#publisher.send([
      {
        topic: REPLIES,
        partition: replyPartition(address, this.#replyPartitions),
        key: address,
        headers: replyHeaders(correlationId, headers),
        body,
      },
    ]);
    if (error) throw error;
  }

  onReply(listener: ReplyListener, onLost: () => void): void {
    this.#inbox.listen(listener, onLost);
  }

  async lag(): Promise<readonly GroupLag[]> {
    return readLag(this.#cluster, this.#reader, this.#topics, this.#names);
  }

  async groups(): Promise<readonly GroupReading[]> {
    return readGroups(this.#cluster, this.#reader, this.#names);
  }

  async forgetGroup(group: string, topic?: string): Promise<void> {
    this.#demandOpen();
    await forgetGroup(this.#cluster, this.#names, group, topic);
  }

  async health(): Promise<DriverHealth> {
    if (this.#closing) return { up: false, detail: 'the Kafka bus is closed' };
    return healthOf(this.#cluster, this.#topics, this.#names);
  }

  close(deadlineMs = CLOSE_DEADLINE_MS): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  /** As if the process had died: cuts the connections, commits and hands over nothing. For tests. */
  abort(): void {
    this.#closing ??= Promise.resolve();
    for (const consumer of [...this.#groups, ...this.#broadcasts]) consumer.abort();
    this.#publisher.abort();
    this.#inbox.abort();
    this.#reader.abort();
    this.#cluster.abort();
  }

  async #connect(): Promise<void> {
    this.#demandOpen();
    await this.#cluster.connect();
    const partitions = await this.#topics.declareReplies();
    await Promise.all([this.#producer.connect(), this.#inbox.start(partitions)]);
    this.#replyPartitions = partitions;
  }

  /** Where a message goes, or why it never can. */
  #target({ topic, partition }: OutgoingMessage): SendTarget | SendError {
    if (topic === REPLIES) return { topic: this.#names.replies, batchBytes: this.#replyBytes };
    const refusal = this.#topics.refusal(topic, partition);
    if (refusal !== undefined) return new SendError('not-stored', refusal, true);
    return { topic: this.#names.topic(topic), batchBytes: this.#topics.batchBytesOf(topic) };
  }

  get #replyBytes(): number {
    return this.#settings.maxMessageBytes + MESSAGE_OVERHEAD_BYTES;
  }

  #demandOpen(): void {
    if (this.#closing) throw new Error('kafka bus: the driver is closed');
  }

  async #close(deadlineMs: number): Promise<void> {
    const end = performance.now() + deadlineMs;
    const stopMs = deadlineMs * STOP_SHARE;
    await withinMs(this.#connecting ?? Promise.resolve(), stopMs / 2);
    await Promise.all([
      ...[...this.#groups].map((group) => group.close(stopMs)),
      ...[...this.#broadcasts].map((broadcast) => withinMs(broadcast.close(), stopMs)),
      this.#publisher.close(stopMs),
    ]);
    const goodbye = Promise.all([
      this.#producer.close(),
      this.#inbox.close(),
      this.#reader.close(),
      this.#cluster.close(),
    ]);
    if (!(await withinMs(goodbye, end - performance.now()))) this.abort();
  }
}

/** Not a name that a topic can have: those are checked. */
const REPLIES = 'taskwire replies';

export const kafkaDriver = (options: KafkaDriverOptions): KafkaDriver => new KafkaDriver(options);
