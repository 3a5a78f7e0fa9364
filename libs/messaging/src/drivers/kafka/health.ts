import type { DriverHealth } from '../../driver.js';
import type { Names } from './names.js';
import { messageOf } from './outage.js';
import type { Cluster } from './platformatic/cluster.js';
import { otherCount, type Topics } from './topology.js';

export async function healthOf(cluster: Cluster, topics: Topics, names: Names): Promise<DriverHealth> {
  const declared = topics.declared.map(({ name, partitions }) => ({ name: names.topic(name), partitions }));
  let counts: Map<string, number>;
  try {
    counts = await cluster.probe(declared.map(({ name }) => name));
  } catch (error) {
    const detail = `Kafka does not answer (${messageOf(error)}): check that a broker runs and that the addresses are right`;
    return { up: false, detail };
  }
  for (const { name, partitions } of declared) {
    const count = counts.get(name);
    if (count === undefined) {
      return {
        up: false,
        detail: `topic ${name} is missing: declare the topology again, messages in it are lost`,
      };
    }
    if (count !== partitions) return { up: false, detail: otherCount(name, count, partitions) };
  }
  return { up: true };
}
