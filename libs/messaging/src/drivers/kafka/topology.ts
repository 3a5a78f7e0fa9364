import type { GroupDeclaration, TopicDeclaration, Topology } from '../../contract/topology.js';
import type { PartitionOffset } from './client.js';
import type { Names } from './names.js';
import type { Cluster } from './platformatic/cluster.js';
import { MESSAGE_OVERHEAD_BYTES, type Settings } from './settings.js';

const REPLY_PARTITIONS = 8;
const REPLY_RETENTION_MS = 300_000;
const REPLY_SEGMENT_MS = 60_000;

interface Topic {
  readonly name: string;
  readonly partitions: number;
  /** The largest record batch that the topic takes. */
  batchBytes: number;
}

/** What this instance has declared. */
export class Topics {
  readonly #topics = new Map<string, Topic>();
  readonly #groups = new Map<string, Set<string>>();

  constructor(
    private readonly cluster: Cluster,
    private readonly names: Names,
    private readonly settings: Settings,
  ) {}

  async declare({ topics, groups }: Topology): Promise<void> {
    await this.#declareTopics(topics);
    await Promise.all(groups.map((group) => this.#declareGroup(group)));
  }

  /** Where all instances read their replies, each its own partition. */
  async declareReplies(): Promise<number> {
    const name = this.names.replies;
    const configs = {
      ...this.#configs(REPLY_RETENTION_MS),
      // Best effort: a reply that is lost is asked for.
      'min.insync.replicas': '1',
      'segment.ms': String(REPLY_SEGMENT_MS),
      'cleanup.policy': 'delete',
    };
    let count = (await this.cluster.partitionCounts([name])).get(name);
    if (count === undefined) {
      await this.cluster.createTopics([{ name, partitions: REPLY_PARTITIONS, configs }]);
      count = (await this.cluster.partitionCounts([name])).get(name) ?? REPLY_PARTITIONS;
    }
    return count;
  }

  /** Reads again what the topics take, after one refused a message that should have fitted. */
  async readLimits(): Promise<void> {
    const topics = [...this.#topics.values()];
    const limits = await this.cluster.maxBatchBytes(topics.map(({ name }) => this.names.topic(name)));
    for (const topic of topics)
      topic.batchBytes = limits.get(this.names.topic(topic.name)) ?? topic.batchBytes;
  }

  get declared(): readonly Pick<Topic, 'name' | 'partitions'>[] {
    return [...this.#topics.values()];
  }

  get groups(): readonly { readonly group: string; readonly topic: string; readonly partitions: number }[] {
    return [...this.#groups].flatMap(([group, topics]) =>
      [...topics].map((topic) => ({ group, topic, partitions: this.partitionsOf(topic) })),
    );
  }

  partitionsOf(topic: string): number {
    return this.#topic(topic).partitions;
  }

  batchBytesOf(topic: string): number {
    return this.#topic(topic).batchBytes;
  }

  /** Why a topic or a partition of it can't be used; undefined when it can. Clients would wrap a partition beyond the count. */
  refusal(topic: string, partition: number): string | undefined {
    const count = this.#topics.get(topic)?.partitions;
    if (count === undefined) return unknown(topic);
    if (Number.isInteger(partition) && partition >= 0 && partition < count) return undefined;
    return `kafka bus: topic ${topic} has ${String(count)} partitions, there is no partition ${String(partition)}`;
  }

  demandGroup(group: string, topics: readonly string[]): void {
    for (const topic of topics) {
      this.partitionsOf(topic);
      if (this.#groups.get(group)?.has(topic)) continue;
      throw new Error(
        `kafka bus: group ${group} on topic ${topic} is not declared: add it to the topology given to declare()`,
      );
    }
  }

  async #declareTopics(topics: readonly TopicDeclaration[]): Promise<void> {
    const names = topics.map(({ name }) => this.names.topic(name));
    const existing = await this.cluster.partitionCounts(names);
    await this.cluster.createTopics(
      topics
        .filter(({ name }) => !existing.has(this.names.topic(name)))
        .map(({ name, partitions, retentionMs }) => ({
          name: this.names.topic(name),
          partitions,
          configs: this.#configs(retentionMs),
        })),
    );
    const counts = await this.cluster.partitionCounts(names);
    for (const { name, partitions } of topics) {
      const count = counts.get(this.names.topic(name));
      if (count !== partitions) throw new Error(otherCount(this.names.topic(name), count, partitions));
    }
    const limits = topics.length > 0 ? await this.cluster.maxBatchBytes(names) : new Map<string, number>();
    for (const { name, partitions } of topics) {
      const batchBytes = limits.get(this.names.topic(name)) ?? this.settings.maxMessageBytes;
      this.#topics.set(name, { name, partitions, batchBytes });
    }
  }

  /**
   * Commits where a new group starts, so that nothing is lost between now and its first commit. The ends are read before
   * what is committed: what somebody publishes after another instance has declared the group is then never skipped.
   */
  async #declareGroup({ name, topics, from }: GroupDeclaration): Promise<void> {
    const group = this.names.group(name);
    const missing: PartitionOffset[] = [];
    for (const topic of topics) {
      const [onBroker, count] = [this.names.topic(topic), this.partitionsOf(topic)];
      const starts = await this.cluster.offsets(onBroker, count, from === 'now' ? -1 : -2);
      const committed = await this.cluster.committed(group, onBroker, count);
      for (const [partition, offset] of starts.entries()) {
        if ((committed[partition] ?? -1n) < 0n) missing.push({ topic: onBroker, partition, offset });
      }
    }
    if (missing.length > 0 && !(await this.cluster.commit(group, missing)))
      this.#startsAtEarliest(name, missing);
    this.#groups.set(name, new Set([...(this.#groups.get(name) ?? []), ...topics]));
  }

  /** Only an empty group takes offsets from outside. Others may have declared it and joined meanwhile: then all is well. */
  #startsAtEarliest(group: string, missing: readonly PartitionOffset[]): void {
    const old = missing.filter(({ offset }) => offset > 0n).map(({ topic }) => topic);
    if (old.length === 0) return;
    this.settings.onWarning(
      `kafka bus: group ${group} has members and may lack offsets on ${[...new Set(old)].join(', ')}: it reads what lacks ` +
        'them from the earliest message; to start it elsewhere, stop its instances and commit offsets with kafka-consumer-groups',
    );
  }

  #configs(retentionMs: number): Record<string, string> {
    const { maxMessageBytes, minInsyncReplicas } = this.settings;
    return {
      'retention.ms': String(retentionMs),
      'max.message.bytes': String(maxMessageBytes + MESSAGE_OVERHEAD_BYTES),
      ...(minInsyncReplicas !== undefined && { 'min.insync.replicas': String(minInsyncReplicas) }),
    };
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name);
    if (!topic) throw new Error(unknown(name));
    return topic;
  }
}

const unknown = (topic: string): string =>
  `kafka bus: topic ${topic} is not declared: add it to the topology given to declare()`;

export const otherCount = (topic: string, count: number | undefined, declared: number): string =>
  `kafka bus: topic ${topic} has ${String(count ?? 'no')} partitions, ${String(declared)} are declared: a topic keeps its number; ` +
  'declare that number, or use a new version of the topic and let the old one run empty';
