import type { Topology, TopologyDifference } from '../../contract/topology.js';
import { groupDifference, topicDifference } from '../topology-difference.js';
import type { Names } from './names.js';
import type { Cluster } from './platformatic/cluster.js';

/** What is missing, and what is there with another number of partitions. */
export async function planTopology(
  cluster: Cluster,
  names: Names,
  { topics, groups }: Topology,
): Promise<TopologyDifference[]> {
  const counts = await cluster.partitionCounts(topics.map(({ name }) => names.topic(name)));
  const differences = topics.flatMap(({ name, partitions }) =>
    topicDifference(name, partitions, counts.get(names.topic(name))),
  );
  for (const { name, topics: read, from } of groups) {
    const missing: string[] = [];
    for (const topic of read) {
      const count = counts.get(names.topic(topic));
      const starts = count && (await cluster.committed(names.group(name), names.topic(topic), count));
      // Without a committed offset a group has no place from which it misses nothing.
      if (!starts || starts.some((offset) => offset < 0n)) missing.push(topic);
    }
    differences.push(...groupDifference(name, missing, from));
  }
  return differences;
}
