import type { Topology, TopologyDifference } from '../../contract/topology.js';
import { groupDifference, topicDifference } from '../topology-difference.js';
import type { Link } from './connection.js';
import { TOPIC_CHANNEL } from './wake.js';

/** Partition of a topic as the database numbers it. */
export interface PartitionRef {
  readonly id: number;
  readonly topic: string;
  readonly n: number;
}

interface SubscriptionRow {
  readonly id: number;
  readonly grp: string;
  readonly topic: string;
}

/** What this instance has declared, by the database's ids. */
export class Topics {
  readonly #partitions = new Map<string, number[]>();
  readonly #byId = new Map<number, PartitionRef>();
  readonly #subscriptions = new Map<string, number>();

  constructor(
    private readonly link: Link,
    private readonly onWarning: (text: string) => void,
  ) {}

  async declare({ topics, groups }: Topology): Promise<void> {
    await this.link.query('declare', 'select bus.declare($1, $2)', [
      JSON.stringify(topics.map((t) => ({ name: t.name, partitions: t.partitions, keepMs: t.retentionMs }))),
      JSON.stringify(
        groups.map((g) => ({ name: g.name, topics: g.topics, earliest: g.from === 'earliest' })),
      ),
    ]);
    const partitions = await this.link.query<PartitionRef & { id: number }>(
      'partitions',
      'select id, topic, n from bus.partition where topic = any($1) order by topic, n',
      [[...topics.map((t) => t.name), ...groups.flatMap((g) => g.topics)]],
    );
    for (const ref of partitions) this.#learn(ref);
    const rows = await this.link.query<SubscriptionRow>(
      'subscriptions',
      'select id, grp, topic from bus.subscription where grp = any($1)',
      [groups.map((g) => g.name)],
    );
    for (const { id, grp, topic } of rows) {
      if (groups.some((g) => g.name === grp && g.topics.includes(topic))) {
        this.#subscriptions.set(keyOf(grp, topic), id);
      } else {
        this.onWarning(
          `postgres bus: group ${grp} no longer reads ${topic}, but its position there still holds back retention: ` +
            `forget it with npx taskwire groups forget ${grp} --topic ${topic}`,
        );
      }
    }
  }

  async plan({ topics, groups }: Topology): Promise<TopologyDifference[]> {
    const found = await this.link.query<{ topic: string; partitions: number }>(
      'plan of topics',
      'select topic, count(*)::int as partitions from bus.partition where topic = any($1) group by topic',
      [topics.map((t) => t.name)],
    );
    const reads = await this.link.query<{ grp: string; topic: string }>(
      'plan of groups',
      'select grp, topic from bus.subscription where grp = any($1)',
      [groups.map((g) => g.name)],
    );
    const counts = new Map(found.map(({ topic, partitions }) => [topic, partitions]));
    const known = new Set(reads.map(({ grp, topic }) => keyOf(grp, topic)));
    return [
      ...topics.flatMap(({ name, partitions }) => topicDifference(name, partitions, counts.get(name))),
      ...groups.flatMap(({ name, topics: wanted, from }) =>
        groupDifference(
          name,
          wanted.filter((topic) => !known.has(keyOf(name, topic))),
          from,
        ),
      ),
    ];
  }

  async retention(topics: readonly string[]): Promise<Map<string, number>> {
    const rows = await this.link.query<{ topic: string; ms: number }>(
      'retention',
      'select topic, (extract(epoch from max(keep)) * 1000)::float8 as ms from bus.partition where topic = any($1) group by topic',
      [[...topics]],
    );
    return new Map(rows.map(({ topic, ms }) => [topic, ms]));
  }

  /** The channel of a partition's topic. */
  channelOfPartition(id: number): string {
    const ref = this.#byId.get(id);
    if (!ref) throw new Error(`postgres bus: no partition ${String(id)} was declared here`);
    return this.channelOf(ref.topic);
  }

  partitionId(topic: string, partition: number): number | undefined {
    return this.#partitions.get(topic)?.[partition];
  }

  partition(id: number): PartitionRef | undefined {
    return this.#byId.get(id);
  }

  /** The channel that tells of new messages of a topic; by number, since a topic's name may be too long for one. */
  channelOf(topic: string): string {
    return TOPIC_CHANNEL + String(this.partitionsOf(topic)[0]);
  }

  partitionsOf(topic: string): readonly number[] {
    const ids = this.#partitions.get(topic);
    if (!ids) throw new Error(this.unknown(topic));
    return ids;
  }

  subscriptionId(group: string, topic: string): number {
    this.partitionsOf(topic);
    const id = this.#subscriptions.get(keyOf(group, topic));
    if (id === undefined) {
      throw new Error(
        `postgres bus: group ${group} on topic ${topic} is not declared: add it to the topology given to declare()`,
      );
    }
    return id;
  }

  /** Why a topic or a partition of it can't be used. */
  unknown(topic: string, partition?: number): string {
    const count = this.#partitions.get(topic)?.length;
    return count === undefined
      ? `postgres bus: topic ${topic} is not declared: add it to the topology given to declare()`
      : `postgres bus: topic ${topic} has ${String(count)} partitions, there is no partition ${String(partition)}`;
  }

  #learn({ id, topic, n }: PartitionRef): void {
    const ids = this.#partitions.get(topic) ?? [];
    ids[n] = id;
    this.#partitions.set(topic, ids);
    this.#byId.set(id, { id, topic, n });
  }
}

const keyOf = (group: string, topic: string): string => `${group}\0${topic}`;
