import { randomUUID } from 'node:crypto';
import type { Channel, ChannelModel } from 'amqplib';
import type { GroupDeclaration, Topology } from '../../contract/topology.js';
import { messageOf, orFail, withChannel } from './channel.js';
import { lacksDeliveryLimit, queuesOfVersion3 } from './delivery-limit.js';
import type { Names } from './names.js';
import type { Settings } from './settings.js';

const MOST_NAME_BYTES = 255;
const NO_DELIVERY_LIMIT_SINCE = 4;
const DECLARE_TIMEOUT_MS = 60_000;
const QUEUE_ARGUMENTS = { 'x-queue-type': 'quorum', 'x-single-active-consumer': true };

/** A queue of one group. */
export interface GroupQueue {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly name: string;
}

/** What this instance has declared. */
export class Topics {
  readonly #partitions = new Map<string, number>();
  readonly #groups = new Map<string, Set<string>>();

  constructor(
    private readonly names: Names,
    private readonly settings: Settings,
  ) {}

  /** Known here is only what was declared in full; a failure changes nothing of that. */
  async declare(model: ChannelModel, { topics, groups }: Topology): Promise<void> {
    const partitions = new Map([
      ...this.#partitions,
      ...topics.map((topic) => [topic.name, topic.partitions] as const),
    ]);
    const queues = groups.flatMap((group) => this.#queuesOf(group, partitions));
    this.#demandShortNames(topics, groups, queues);
    await orFail(this.#make(model, topics, groups, queues), DECLARE_TIMEOUT_MS, 'declaring the topology');
    for (const { name, partitions: count } of topics) this.#partitions.set(name, count);
    for (const { name, topics: read } of groups) this.#groups.set(name, new Set(read));
  }

  /** Whether somebody must get each message of the topic, so that one that no queue took was not stored. */
  hasGroup(topic: string): boolean {
    return [...this.#groups.values()].some((topics) => topics.has(topic));
  }

  partitionsOf(topic: string): number {
    const count = this.#partitions.get(topic);
    if (count === undefined) throw new Error(this.unknown(topic));
    return count;
  }

  /** Why a topic or a partition of it can't be used; undefined when it can. */
  refusal(topic: string, partition: number): string | undefined {
    const count = this.#partitions.get(topic);
    if (count !== undefined && Number.isInteger(partition) && partition >= 0 && partition < count)
      return undefined;
    return count === undefined
      ? this.unknown(topic)
      : `rabbitmq bus: topic ${topic} has ${String(count)} partitions, there is no partition ${String(partition)}`;
  }

  demandGroup(group: string, topics: readonly string[]): void {
    for (const topic of topics) {
      this.partitionsOf(topic);
      if (this.#groups.get(group)?.has(topic)) continue;
      throw new Error(
        `rabbitmq bus: group ${group} on topic ${topic} is not declared: add it to the topology given to declare()`,
      );
    }
  }

  /** The queues of every group that was declared here. */
  groupQueues(): GroupQueue[] {
    return [...this.#groups].flatMap(([name, topics]) =>
      this.#queuesOf({ name, topics: [...topics] }, this.#partitions),
    );
  }

  unknown(topic: string): string {
    return `rabbitmq bus: topic ${topic} is not declared: add it to the topology given to declare()`;
  }

  /** Checked before anything is made. */
  #demandShortNames(
    topics: Topology['topics'],
    groups: Topology['groups'],
    queues: readonly GroupQueue[],
  ): void {
    const names = [
      ...topics.map(({ name }) => this.names.layout(name)),
      ...groups.map(({ name }) => this.names.member(name, randomUUID())),
      ...queues.map(({ name }) => name),
    ];
    for (const name of names) {
      const bytes = Buffer.byteLength(name);
      if (bytes <= MOST_NAME_BYTES) continue;
      throw new Error(
        `rabbitmq bus: the name ${name} has ${String(bytes)} bytes, at most ${String(MOST_NAME_BYTES)} are allowed: shorten the topic, the group or the prefix`,
      );
    }
  }

  async #make(
    model: ChannelModel,
    topics: Topology['topics'],
    groups: Topology['groups'],
    queues: readonly GroupQueue[],
  ): Promise<void> {
    await withChannel(model, async (channel) => {
      for (const topic of topics) await this.#declareTopic(channel, topic);
      for (const { name } of groups) {
        await refusing(this.names.members(name), (members) =>
          channel.assertExchange(members, 'fanout', { durable: true }),
        );
      }
    });
    const queueArguments = groupQueueArguments(model);
    const declareQueues = (old: ReadonlySet<string>): Promise<void> =>
      withChannel(model, async (channel) => {
        for (const queue of queues) {
          await this.#declareQueue(channel, queue, old.has(queue.name) ? QUEUE_ARGUMENTS : queueArguments);
        }
      });
    try {
      await declareQueues(new Set());
    } catch (error) {
      if (!lacksDeliveryLimit(messageOf(error))) throw error;
      const names = queues.map(({ name }) => name);
      await declareQueues(await queuesOfVersion3(this.settings, names));
    }
  }

  async #declareTopic(channel: Channel, { name, partitions }: Topology['topics'][number]): Promise<void> {
    await refusing(this.names.exchange(name), (exchange) =>
      channel.assertExchange(exchange, 'direct', { durable: true }),
    );
    await refusing(this.names.layout(name), (layout) =>
      channel.assertQueue(layout, { durable: true, maxLength: partitions }),
    );
  }

  async #declareQueue(
    channel: Channel,
    { name, topic, partition }: GroupQueue,
    queueArguments: Record<string, unknown>,
  ): Promise<void> {
    await refusing(name, (queue) => channel.assertQueue(queue, { durable: true, arguments: queueArguments }));
    await channel.bindQueue(name, this.names.exchange(topic), String(partition));
  }

  #queuesOf(
    { name: group, topics }: Pick<GroupDeclaration, 'name' | 'topics'>,
    partitions: ReadonlyMap<string, number>,
  ): GroupQueue[] {
    return topics.flatMap((topic) => {
      const count = partitions.get(topic);
      if (count === undefined) throw new Error(this.unknown(topic));
      return Array.from({ length: count }, (_, partition) => ({
        group,
        topic,
        partition,
        name: this.names.queue(topic, group, partition),
      }));
    });
  }
}

/**
 * Order needs a single active consumer and no limit of deliveries: from version 4.0 on there is one by default, which -1
 * takes away, while 3.x takes -1 for "drop at the first return".
 */
export function groupQueueArguments(model: ChannelModel): Record<string, unknown> {
  const major = Number.parseInt(model.connection.serverProperties.version, 10);
  return {
    ...QUEUE_ARGUMENTS,
    ...(major >= NO_DELIVERY_LIMIT_SINCE && { 'x-delivery-limit': -1 }),
  };
}

/** How something that is there differs from its declaration: what the broker says, and what the worst of it means. */
export function differenceOf(refusal: string): string {
  if (!refusal.includes("inequivalent arg 'durable'")) return refusal;
  return `not durable: a restart of the broker loses it, and every message in it; ${refusal}`;
}

/** Runs a declaration; says what to do when something of that name is there with other settings. */
async function refusing(name: string, declare: (name: string) => Promise<unknown>): Promise<void> {
  try {
    await declare(name);
  } catch (error) {
    const text = messageOf(error);
    if (!text.includes('PRECONDITION_FAILED')) throw error;
    throw new Error(
      `rabbitmq bus: ${name} is there with other settings (${differenceOf(text)}): a topic keeps its number of partitions and its ` +
        'queues keep their arguments; use a new version of the topic, or let it run empty and delete it',
      { cause: error },
    );
  }
}
