import type { TopicDeclaration } from '../../contract/topology.js';
import type { Finding } from '../../finding.js';
import type { Names } from './names.js';
import type { Cluster, Copies } from './platformatic/cluster.js';
import type { Settings } from './settings.js';

/** Whether each topic, and each that `declare` would make, keeps as many copies of a message as were asked for. */
export async function checkCopies(
  cluster: Cluster,
  names: Names,
  settings: Pick<Settings, 'minInsyncReplicas' | 'replicationFactor'>,
  topics: readonly TopicDeclaration[],
): Promise<Finding[]> {
  const onBroker = topics.map(({ name }) => names.topic(name));
  const found = await cluster.copies(onBroker);
  const alike = Map.groupBy(
    onBroker.filter((name) => found.has(name)),
    (name) => JSON.stringify(found.get(name)),
  );
  const findings = [...alike.values()].flatMap((same) => {
    const copies = found.get(same[0] ?? '');
    return copies ? topicFindings(same, copies, settings.minInsyncReplicas) : [];
  });
  const counts = await cluster.partitionCounts(onBroker);
  const ofNew = counts.size < onBroker.length ? await cluster.copiesOfNew() : undefined;
  return ofNew ? [...findings, ...newTopicFindings(ofNew, settings)] : findings;
}

/** Of topics that are alike; `wanted` copies must have a message before it is confirmed. */
export function topicFindings(
  topics: readonly string[],
  { replicas, minInsync }: Copies,
  wanted = 1,
): Finding[] {
  const what = `${topics.join(', ')} on Kafka: min.insync.replicas is ${String(minInsync)}, with ${copies(replicas)}`;
  if (replicas < minInsync) {
    return [
      {
        level: 'refused',
        what,
        why: 'no message is ever taken: so many copies can never have it',
        change: `set min.insync.replicas to ${String(replicas)} (kafka-configs), or add replicas (kafka-reassign-partitions)`,
      },
    ];
  }
  if (minInsync >= wanted) return [];
  const more =
    replicas < wanted ? `add replicas up to ${String(wanted + 1)} (kafka-reassign-partitions), and ` : '';
  return [
    {
      level: 'refused',
      what,
      why: 'a confirmed message may be on one broker alone, and is lost with its disk',
      change: `${more}set min.insync.replicas to ${String(wanted)} (kafka-configs)${ACCEPT}`,
    },
  ];
}

/** Those get `minInsyncReplicas` from the driver, if it has any, and the rest from the brokers. */
function newTopicFindings(
  brokers: Copies,
  { minInsyncReplicas, replicationFactor }: Pick<Settings, 'minInsyncReplicas' | 'replicationFactor'>,
): Finding[] {
  const replicas = replicationFactor ?? brokers.replicas;
  const minInsync = minInsyncReplicas ?? brokers.minInsync;
  if (replicas >= minInsync) return [];
  return [
    {
      level: 'refused',
      what: `Kafka makes new topics with ${copies(replicas)}, and ${String(minInsync)} must have each message`,
      why: 'they would take none',
      change: `run ${String(minInsync + 1)} brokers with default.replication.factor=${String(minInsync + 1)}${ACCEPT}`,
    },
  ];
}

const ACCEPT =
  '; to accept the loss, as with one broker alone, KAFKA_MIN_INSYNC_REPLICAS=1 (option minInsyncReplicas of the driver)';

const copies = (replicas: number): string => (replicas === 1 ? '1 replica' : `${String(replicas)} replicas`);
