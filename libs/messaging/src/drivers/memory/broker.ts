import type { Topology, TopologyDifference } from '../../contract/topology.js';
import type { GroupReading, Headers, OutgoingMessage } from '../../driver.js';
import { SendError } from '../../driver.js';
import { ForgetRefusal } from '../forget-refusal.js';
import { groupDifference, topicDifference } from '../topology-difference.js';
import { Faults, type FaultRates } from './faults.js';
import { Group } from './group.js';
import { PartitionLog } from './partition-log.js';

export interface MemoryBrokerOptions {
  /** Most messages that a partition keeps; beyond it, sends are refused until the groups have read. Default 100,000. */
  readonly maxMessages?: number;
  readonly faults?: FaultRates;
}

export interface ReplyTarget {
  deliverReply(correlationId: string, headers: Headers, body: Buffer): void;
}

interface Topic {
  readonly logs: readonly PartitionLog[];
  readonly retentionMs: number;
}

/** The broker that several `memoryDriver` instances share, each acting as a process of its own. Gone with this object. */
export class MemoryBroker {
  readonly faults: Faults;
  readonly #maxMessages: number;
  readonly #topics = new Map<string, Topic>();
  readonly #groups = new Map<string, Group>();
  readonly #readers = new Set<() => void>();
  readonly #replyTargets = new Map<string, ReplyTarget>();
  #announced = false;

  constructor(options: MemoryBrokerOptions = {}) {
    this.#maxMessages = options.maxMessages ?? 100_000;
    this.faults = new Faults(options.faults ?? { seed: 1 });
  }

  declare({ topics, groups }: Topology): void {
    for (const { name, partitions, retentionMs } of topics) {
      const had = this.#topics.get(name);
      if (had && had.logs.length !== partitions) {
        throw new Error(
          `memory bus: topic ${name} has ${String(had.logs.length)} partitions, not ${String(partitions)}: another number needs a new topic version`,
        );
      }
      const logs = had?.logs ?? Array.from({ length: partitions }, () => new PartitionLog());
      this.#topics.set(name, { logs, retentionMs });
    }
    for (const { name, topics: read, from } of groups) {
      const group = this.#groups.get(name) ?? new Group();
      for (const topic of read) {
        group.addTopic(
          topic,
          this.logs(topic).map((log) => (from === 'earliest' ? log.low : log.next)),
        );
      }
      this.#groups.set(name, group);
    }
  }

  plan({ topics, groups }: Topology): TopologyDifference[] {
    return [
      ...topics.flatMap(({ name, partitions }) =>
        topicDifference(name, partitions, this.#topics.get(name)?.logs.length),
      ),
      ...groups.flatMap(({ name, topics: wanted, from }) => {
        const read = this.#groups.get(name)?.topics ?? [];
        return groupDifference(
          name,
          wanted.filter((topic) => !read.includes(topic)),
          from,
        );
      }),
    ];
  }

  logs(topic: string): readonly PartitionLog[] {
    const found = this.#topics.get(topic);
    if (!found) throw new Error(undeclared(`topic ${topic}`));
    return found.logs;
  }

  group(name: string, topics: readonly string[]): Group {
    const group = this.#groups.get(name);
    const missing = topics.find((topic) => !group?.topics.includes(topic));
    if (!group || missing !== undefined) {
      throw new Error(undeclared(`group ${name} on topic ${missing ?? '(none)'}`));
    }
    return group;
  }

  retention(topics: readonly string[]): Map<string, number> {
    const declared = topics.flatMap((name) => {
      const topic = this.#topics.get(name);
      return topic ? [[name, topic.retentionMs] as const] : [];
    });
    return new Map(declared);
  }

  /** Stores one message, or says why not. */
  append(message: OutgoingMessage): SendError | undefined {
    const topic = this.#topics.get(message.topic);
    if (!topic) return new SendError('not-stored', undeclared(`topic ${message.topic}`), true);
    const log = topic.logs[message.partition];
    if (!log) {
      const reason = `memory bus: topic ${message.topic} has ${String(topic.logs.length)} partitions, there is no partition ${String(message.partition)}`;
      return new SendError('not-stored', reason, true);
    }
    if (this.faults.refusesSend()) return new SendError('not-stored', 'memory bus: refused by the fault kit');
    log.trim(this.#passed(message, log), topic.retentionMs, this.#maxMessages - 1);
    if (log.length >= this.#maxMessages) {
      const reason = `memory bus: full: ${message.topic}/${String(message.partition)} keeps ${String(log.length)} messages that a group has not read`;
      return new SendError('not-stored', reason);
    }
    log.append(message);
    if (this.faults.duplicates()) log.append(message);
    this.#announce();
    return undefined;
  }

  /** `wake` runs soon after something was appended. */
  addReader(wake: () => void): void {
    this.#readers.add(wake);
  }

  removeReader(wake: () => void): void {
    this.#readers.delete(wake);
  }

  addReplyTarget(address: string, target: ReplyTarget): void {
    this.#replyTargets.set(address, target);
  }

  removeReplyTarget(address: string): void {
    this.#replyTargets.delete(address);
  }

  reply(address: string, correlationId: string, headers: Headers, body: Buffer): void {
    if (this.faults.dropsReply()) return;
    setImmediate(() => this.#replyTargets.get(address)?.deliverReply(correlationId, headers, body));
  }

  groups(): GroupReading[] {
    return [...this.#groups].sort(byName).flatMap(([name, group]) =>
      [...group.topics].sort().map((topic) => {
        const positions = group.positions(topic);
        const behind = this.logs(topic).map((log, n) => ({
          messages: log.next - Math.max(log.low, positions[n] ?? 1),
          ageMs: log.ageMs(Math.max(log.low, positions[n] ?? 1)),
        }));
        return {
          group: name,
          topic,
          members: group.membersOf(topic),
          messages: behind.reduce((sum, b) => sum + b.messages, 0),
          oldestAgeMs: Math.max(0, ...behind.map((b) => b.ageMs)),
        };
      }),
    );
  }

  forgetGroup(name: string, topic?: string): void {
    const group = this.#groups.get(name);
    const refusal = new ForgetRefusal('memory', name, topic);
    if (!group || (topic !== undefined && !group.topics.includes(topic))) throw refusal.unknown();
    const members = group.membersOf(topic);
    if (members > 0) throw refusal.read(members);
    for (const gone of topic === undefined ? group.topics : [topic]) group.removeTopic(gone);
    if (group.topics.length === 0) this.#groups.delete(name);
  }

  #passed({ topic, partition }: OutgoingMessage, log: PartitionLog): number {
    const positions = [...this.#groups.values()].map(
      (group) => group.positions(topic)[partition] ?? log.next,
    );
    return Math.min(log.next, ...positions);
  }

  #announce(): void {
    if (this.#announced) return;
    this.#announced = true;
    setImmediate(() => {
      this.#announced = false;
      for (const wake of this.#readers) wake();
    });
  }
}

const byName = ([one]: [string, Group], [other]: [string, Group]): number => (one < other ? -1 : 1);

const undeclared = (what: string): string =>
  `memory bus: ${what} is not declared: add it to the topology given to declare()`;
