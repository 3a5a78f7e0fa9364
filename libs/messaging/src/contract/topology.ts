import type { MessageContract } from './message.js';
import { type Subscription, topicsOf } from './subscription.js';

export const DEFAULT_PARTITIONS = 8;
export const DEFAULT_RETENTION_MS = 24 * 60 * 60 * 1000;

export interface TopicDeclaration {
  readonly name: string;
  /** Fixed for the life of a topic: another number means a new topic version, the old one drained first. */
  readonly partitions: number;
  readonly retentionMs: number;
}

export interface GroupDeclaration {
  readonly name: string;
  readonly topics: readonly string[];
  readonly from: 'now' | 'earliest';
}

/** All that has to exist on a broker before the first message is published. */
export interface Topology {
  readonly topics: readonly TopicDeclaration[];
  readonly groups: readonly GroupDeclaration[];
}

/** One point in which a broker is not as a topology says. */
export interface TopologyDifference {
  /** `missing`: `declare` makes it. `conflict`: `declare` refuses it. */
  readonly kind: 'missing' | 'conflict';
  readonly what: 'topic' | 'group';
  readonly name: string;
  /** What is missing, or how it differs. */
  readonly detail: string;
  /** What to do. */
  readonly change: string;
}

/** Derives the topology from the contracts; nothing else declares a topic, a queue or a group. */
export function topologyOf(
  contracts: readonly MessageContract[],
  subscriptions: readonly Subscription[],
): Topology {
  const names = new Set([...contracts.map((c) => c.topic), ...subscriptions.flatMap(topicsOf)]);
  return {
    topics: [...names]
      .sort()
      .map((name) => ({ name, partitions: DEFAULT_PARTITIONS, retentionMs: DEFAULT_RETENTION_MS })),
    groups: subscriptions
      .filter((s) => s.kind === 'group')
      .map((s) => ({ name: s.name, topics: topicsOf(s), from: s.from })),
  };
}
