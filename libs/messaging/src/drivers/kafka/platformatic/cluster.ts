import { Admin, ConfigResourceTypes } from '@platformatic/kafka';
import { ConnectError } from '../../../connect-error.js';
import { withinMs } from '../../../delivery/within.js';
import { insist } from '../insist.js';
import type { PartitionOffset } from '../client.js';
import type { Settings } from '../settings.js';
import { baseOptions, closeQuietly, cut, hasCode, watched } from './client.js';

/** How long a new topic may take to have leaders, and a moving coordinator to be found. */
const SETTLE_MS = 10_000;
/** The brokers' answer within this time, or none. */
const PROBE_MS = 3_000;

/** How safe a topic keeps its messages. */
export interface Copies {
  /** Of each partition. */
  readonly replicas: number;
  /** That must have a message before it is confirmed. */
  readonly minInsync: number;
}

const REFUSALS = ['SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM'];
const MIN_INSYNC = 'min.insync.replicas';
const REPLICATION = 'default.replication.factor';
const RETENTION = 'retention.ms';
const MAX_BYTES = 'max.message.bytes';

/** Who is in a group. */
export interface GroupMember {
  readonly clientId: string;
  readonly host: string;
  readonly topics: readonly string[];
}

export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  readonly configs: Readonly<Record<string, string>>;
}

/** Topics, their settings, and the offsets of topics and groups. */
export class Cluster {
  readonly #admin: Admin;

  constructor(private readonly settings: Settings) {
    this.#admin = watched(new Admin(baseOptions(settings, false)));
  }

  /** Rejects with a `ConnectError`. */
  async connect(): Promise<void> {
    try {
      await this.#admin.metadata({ topics: [], forceUpdate: true });
    } catch (error) {
      throw ConnectError.of(error, hasCode(error, ...REFUSALS));
    }
  }

  /** How many partitions each topic has that exists. Rejects when no broker answers. */
  async partitionCounts(topics: readonly string[], ms = SETTLE_MS): Promise<Map<string, number>> {
    return insist(async () => {
      const existing = new Set(await this.#admin.listTopics());
      const known = topics.filter((topic) => existing.has(topic));
      const { topics: found } = await this.#admin.metadata({ topics: known, forceUpdate: true });
      return new Map([...found].map(([name, topic]) => [name, topic.partitionsCount]));
    }, ms);
  }

  /** The same, within the time that a probe may take. */
  async probe(topics: readonly string[]): Promise<Map<string, number>> {
    const counts = this.partitionCounts(topics, PROBE_MS);
    if (await withinMs(counts, PROBE_MS)) return counts;
    throw new Error(`no answer within ${String(PROBE_MS)} ms`);
  }

  /** Makes topics, unless somebody else did meanwhile, and waits until every partition has a leader. */
  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    const { replicationFactor } = this.settings;
    for (const { name, partitions, configs } of topics) {
      try {
        await this.#admin.createTopics({
          topics: [name],
          partitions,
          replicas: replicationFactor ?? -1,
          configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
        });
      } catch (error) {
        if (!hasCode(error, 'TOPIC_ALREADY_EXISTS')) throw error;
      }
    }
    if (topics.length > 0) await this.#leaders(topics.map(({ name }) => name));
  }

  /** The largest record batch that each topic takes. Topics whose settings can't be read are left out. */
  async maxBatchBytes(topics: readonly string[]): Promise<Map<string, number>> {
    const settings = await this.#settingsOf(ConfigResourceTypes.TOPIC, topics, [MAX_BYTES]);
    return new Map([...settings].map(([topic, values]) => [topic, Number(values.get(MAX_BYTES))]));
  }

  /** For how long each topic that exists keeps messages; Infinity for ever. Those whose settings can't be read are left out. */
  async retention(topics: readonly string[]): Promise<Map<string, number>> {
    const existing = [...(await this.partitionCounts(topics)).keys()];
    if (existing.length === 0) return new Map();
    const settings = await this.#settingsOf(ConfigResourceTypes.TOPIC, existing, [RETENTION]);
    const ms = (value: number): number => (value < 0 ? Infinity : value);
    return new Map([...settings].map(([topic, values]) => [topic, ms(Number(values.get(RETENTION)))]));
  }

  /** The copies of each topic that exists. Those whose settings can't be read are left out. */
  async copies(topics: readonly string[]): Promise<Map<string, Copies>> {
    return insist(async () => {
      const existing = new Set(await this.#admin.listTopics());
      const known = topics.filter((topic) => existing.has(topic));
      if (known.length === 0) return new Map<string, Copies>();
      const { topics: found } = await this.#admin.metadata({ topics: known, forceUpdate: true });
      const settings = await this.#settingsOf(ConfigResourceTypes.TOPIC, known, [MIN_INSYNC]);
      const copies = [...settings].map(([name, values]) => {
        const replicas = (found.get(name)?.partitions ?? []).map((partition) => partition.replicas.length);
        return [
          name,
          { replicas: Math.min(...replicas), minInsync: Number(values.get(MIN_INSYNC)) },
        ] as const;
      });
      return new Map(copies);
    }, SETTLE_MS);
  }

  /** The copies that a new topic gets by the brokers' own settings; undefined when they can't be read. */
  async copiesOfNew(): Promise<Copies | undefined> {
    const { brokers } = await this.#admin.metadata({ topics: [], forceUpdate: true });
    const [broker] = brokers.keys();
    const wanted = [MIN_INSYNC, REPLICATION];
    const settings = await this.#settingsOf(ConfigResourceTypes.BROKER, [String(broker)], wanted);
    const values = settings.get(String(broker));
    if (!values) return undefined;
    return { replicas: Number(values.get(REPLICATION)), minInsync: Number(values.get(MIN_INSYNC)) };
  }

  /** Per partition the offset at its start (-2) or end (-1). */
  async offsets(topic: string, partitions: number, timestamp: -1 | -2): Promise<bigint[]> {
    return insist(async () => {
      const asked = Array.from({ length: partitions }, (_, partitionIndex) => ({
        partitionIndex,
        timestamp: BigInt(timestamp),
      }));
      const [listed] = await this.#admin.listOffsets({ topics: [{ name: topic, partitions: asked }] });
      const byPartition = new Map(listed?.partitions.map((p) => [p.partitionIndex, p.offset]));
      return asked.map(({ partitionIndex }) => byPartition.get(partitionIndex) ?? 0n);
    }, SETTLE_MS);
  }

  /** Per partition what the group has committed; -1 where nothing. */
  async committed(group: string, topic: string, partitions: number): Promise<bigint[]> {
    return insist(
      async () => {
        const partitionIndexes = Array.from({ length: partitions }, (_, index) => index);
        const [listed] = await this.#admin.listConsumerGroupOffsets({
          groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes }] }],
        });
        const found = listed?.topics.find(({ name }) => name === topic)?.partitions ?? [];
        const byPartition = new Map(found.map((p) => [p.partitionIndex, p.committedOffset]));
        return partitionIndexes.map((index) => byPartition.get(index) ?? -1n);
      },
      SETTLE_MS,
      (error) => hasCode(error, 'GROUP_AUTHORIZATION_FAILED'),
    );
  }

  /** Commits offsets of a group without members. Answers whether the group took them: one with members does not. */
  async commit(group: string, offsets: readonly PartitionOffset[]): Promise<boolean> {
    const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([name, of]) => ({
      name,
      partitionOffsets: of.map(({ partition, offset }) => ({ partition, offset })),
    }));
    try {
      await insist(
        () => this.#admin.alterConsumerGroupOffsets({ groupId: group, topics }),
        SETTLE_MS,
        isOfMembers,
      );
      return true;
    } catch (error) {
      if (isOfMembers(error)) return false;
      throw error;
    }
  }

  async groupNames(): Promise<string[]> {
    return insist(async () => [...(await this.#admin.listGroups()).keys()], SETTLE_MS);
  }

  /** The topics on which a group has offsets. */
  async topicsOf(group: string): Promise<string[]> {
    return insist(async () => {
      const [listed] = await this.#admin.listConsumerGroupOffsets({ groups: [group] });
      const topics = listed?.topics ?? [];
      return topics
        .filter(({ partitions }) => partitions.some(({ committedOffset }) => committedOffset >= 0n))
        .map(({ name }) => name);
    }, SETTLE_MS);
  }

  async members(group: string): Promise<GroupMember[]> {
    return insist(async () => {
      const described = (await this.#admin.describeGroups({ groups: [group] })).get(group);
      return [...(described?.members.values() ?? [])].map(({ clientId, clientHost, metadata }) => ({
        ...{ clientId, host: clientHost.replace(/^\//, '') },
        topics: metadata?.topics ?? [],
      }));
    }, SETTLE_MS);
  }

  /** Rejects with NON_EMPTY_GROUP when it has members, with GROUP_ID_NOT_FOUND when there is none. */
  async deleteGroup(group: string): Promise<void> {
    await insist(() => this.#admin.deleteGroups({ groups: [group] }), SETTLE_MS, isOfGroup);
  }

  /** Rejects with GROUP_SUBSCRIBED_TO_TOPIC when members read it, with GROUP_ID_NOT_FOUND when there is no such group. */
  async deleteOffsets(group: string, topic: string): Promise<void> {
    const count = (await this.partitionCounts([topic])).get(topic) ?? 0;
    const partitionIndexes = Array.from({ length: count }, (_, index) => index);
    const topics = [{ name: topic, partitionIndexes }];
    await insist(
      () => this.#admin.deleteConsumerGroupOffsets({ groupId: group, topics }),
      SETTLE_MS,
      isOfGroup,
    );
  }

  async close(): Promise<void> {
    await closeQuietly(this.#admin);
  }

  abort(): void {
    cut(this.#admin);
  }

  /** Settings by name, of each resource; none of those that this user may not read. */
  async #settingsOf(
    resourceType: (typeof ConfigResourceTypes)['TOPIC' | 'BROKER'],
    names: readonly string[],
    configurationKeys: string[],
  ): Promise<Map<string, ReadonlyMap<string, string | null>>> {
    try {
      const described = await this.#admin.describeConfigs({
        resources: names.map((resourceName) => ({ resourceType, resourceName, configurationKeys })),
      });
      return new Map(
        described.map(({ resourceName, configs }) => [
          resourceName,
          new Map(configs.map(({ name, value }) => [name, value ?? null])),
        ]),
      );
    } catch (error) {
      if (hasCode(error, 'TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED')) return new Map();
      throw error;
    }
  }

  async #leaders(topics: readonly string[]): Promise<void> {
    await insist(async () => {
      const { topics: found } = await this.#admin.metadata({ topics: [...topics], forceUpdate: true });
      for (const [name, { partitions }] of found) {
        if (partitions.some(({ leader }) => leader < 0)) {
          throw new Error(`kafka bus: topic ${name} has partitions without a leader`);
        }
      }
    }, SETTLE_MS);
  }
}

const isOfMembers = (error: unknown): boolean =>
  hasCode(error, 'UNKNOWN_MEMBER_ID', 'NON_EMPTY_GROUP', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS');

const isOfGroup = (error: unknown): boolean =>
  hasCode(error, 'NON_EMPTY_GROUP', 'GROUP_SUBSCRIBED_TO_TOPIC', 'GROUP_ID_NOT_FOUND');
