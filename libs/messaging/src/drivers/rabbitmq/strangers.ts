import type { Topology } from '../../contract/topology.js';
import type { Finding } from '../../finding.js';
import { readConsumers } from './management.js';
import type { Names } from './names.js';
import type { Settings } from './settings.js';

/** Who consumes from the queues of these groups and is no instance of ours, where RabbitMQ's management plugin tells. */
export async function findStrangers(
  settings: Settings,
  names: Names,
  { topics, groups }: Topology,
): Promise<Finding[]> {
  const consumers = await readConsumers(settings);
  const counts = new Map(topics.map(({ name, partitions }) => [name, partitions]));
  const queues = groups.flatMap(({ name, topics: read }) =>
    read.flatMap((topic) =>
      Array.from({ length: counts.get(topic) ?? 0 }, (_, partition) => names.queue(topic, name, partition)),
    ),
  );
  const ours = new Set(queues);
  return (consumers ?? [])
    .filter(({ queue, consumer_tag: tag }) => ours.has(queue.name) && !names.isConsumerTag(tag))
    .map(({ queue, channel_details: { peer_host: host = 'unknown', user = 'unknown' } }) => ({
      level: 'warning',
      what: `the queue ${queue.name} has a consumer that is no instance of its group: user ${user} at ${host}`,
      why: 'what it takes, the service does not handle, and while it is served, no instance is',
      change: `end it, and give it a queue of its own on the topic's exchange`,
    }));
}
