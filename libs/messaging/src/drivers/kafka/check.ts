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
  const found = await cluster.copies(topics.map(({ name }) => names.topic(name)));
  const counts = await cluster.partitionCounts(topics.map(({ name }) => names.topic(name)));
  const findings = [...found].flatMap(([name, copies]) =>
    topicFindings(name, copies, settings.minInsyncReplicas),
  );
  const isMissing = topics.some(({ name }) => !counts.has(names.topic(name)));
  const ofNew = isMissing ? await cluster.copiesOfNew() : undefined;
  return ofNew ? [...findings, ...newTopicFindings(ofNew, settings)] : findings;
}

function topicFindings(name: string, { replicas, minInsync }: Copies, wanted = 1): Finding[] {
  if (replicas < minInsync) {
    return [
      {
        level: 'refused',
        what: `Kafka topic ${name} has ${copies(replicas)} and min.insync.replicas ${String(minInsync)}`,
        why: 'it takes no message: so many copies can never have one',
        change: `give it more replicas (kafka-reassign-partitions), or set its min.insync.replicas to ${String(replicas)}`,
      },
    ];
  }
  if (minInsync >= wanted) return [];
  return [
    {
      level: 'refused',
      what: `Kafka topic ${name} has min.insync.replicas ${String(minInsync)}, and ${copies(replicas)}`,
      why: 'a confirmed message may be on one broker alone, and is lost with its disk',
      change:
        replicas < wanted
          ? `give it ${String(wanted)} replicas or more (kafka-reassign-partitions) and min.insync.replicas ${String(wanted)}${ACCEPT}`
          : `set its min.insync.replicas to ${String(wanted)} (kafka-configs --alter)${ACCEPT}`,
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
  '; to accept the loss, as with one broker alone, set KAFKA_MIN_INSYNC_REPLICAS=1 (the driver: minInsyncReplicas)';

const copies = (replicas: number): string => (replicas === 1 ? '1 replica' : `${String(replicas)} replicas`);
