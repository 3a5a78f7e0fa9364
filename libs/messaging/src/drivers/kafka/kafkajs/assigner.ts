import type { Cluster, PartitionAssigner } from 'kafkajs';
import { kafkajs } from './package.js';

export interface Subscriber {
  readonly id: string;
  readonly topics: readonly string[];
}

type Shares = Map<string, Record<string, number[]>>;

/**
 * Partitions in turn to those who subscribe to their topic. kafkajs's own assigner knows the leader's topics only, and gives
 * them to all: with an old and a new version of a service side by side, a topic that only one of them reads is read by
 * nobody, or by half.
 */
export const subscribedRoundRobin: PartitionAssigner = ({ cluster }) => ({
  name: 'taskwire-round-robin',
  version: 1,

  protocol({ topics }) {
    const { MemberMetadata } = kafkajs().AssignerProtocol;
    const metadata = MemberMetadata.encode({ version: this.version, topics, userData: Buffer.alloc(0) });
    return { name: this.name, metadata };
  },

  async assign({ members }) {
    const { MemberMetadata, MemberAssignment } = kafkajs().AssignerProtocol;
    const subscribers = members.map(({ memberId, memberMetadata }) => ({
      id: memberId,
      topics: MemberMetadata.decode(memberMetadata)?.topics ?? [],
    }));
    const counts = await partitionCounts(
      cluster,
      subscribers.flatMap(({ topics }) => topics),
    );
    return [...shareOut(subscribers, counts)].map(([memberId, assignment]) => ({
      memberId,
      memberAssignment: MemberAssignment.encode({
        version: this.version,
        assignment,
        userData: Buffer.alloc(0),
      }),
    }));
  },
});

/** Shares that differ by one at most among those who read the same topics. */
export function shareOut(subscribers: readonly Subscriber[], counts: ReadonlyMap<string, number>): Shares {
  const shares: Shares = new Map(subscribers.map(({ id }) => [id, {}]));
  let turn = 0;
  for (const topic of [...counts.keys()].sort()) {
    const readers = subscribers
      .filter(({ topics }) => topics.includes(topic))
      .map(({ id }) => id)
      .sort();
    if (readers.length === 0) continue;
    for (let partition = 0; partition < (counts.get(topic) ?? 0); partition += 1, turn += 1) {
      const share = shares.get(readers[turn % readers.length] ?? '');
      if (share) (share[topic] ??= []).push(partition);
    }
  }
  return shares;
}

async function partitionCounts(cluster: Cluster, topics: readonly string[]): Promise<Map<string, number>> {
  const names = [...new Set(topics)];
  await cluster.addMultipleTargetTopics(names);
  const { findTopicPartitionMetadata: find } = cluster as unknown as {
    findTopicPartitionMetadata(topic: string): readonly unknown[];
  };
  return new Map(names.map((topic) => [topic, find.call(cluster, topic).length]));
}
