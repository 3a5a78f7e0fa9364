import type { GroupReading } from '../../driver.js';
import { ForgetRefusal } from '../forget-refusal.js';
import { lagOf } from './lag.js';
import type { Names } from './names.js';
import type { Cluster } from './platformatic/cluster.js';
import { hasCode } from './platformatic/client.js';
import type { RecordReader } from './platformatic/record-reader.js';

/** Every group with offsets on a topic that is there, whoever committed them. */
export async function readGroups(
  cluster: Cluster,
  reader: RecordReader,
  names: Names,
): Promise<GroupReading[]> {
  const groups = (await cluster.groupNames()).filter((name) => names.isOurs(name)).sort();
  const rows: GroupReading[] = [];
  for (const onBroker of groups) {
    const topics = (await cluster.topicsOf(onBroker)).filter((name) => names.isOurs(name)).sort();
    const counts = await cluster.partitionCounts(topics);
    const members = await cluster.members(onBroker);
    for (const topic of topics) {
      const partitions = counts.get(topic);
      if (partitions === undefined) continue;
      rows.push({
        ...{ group: names.plain(onBroker), topic: names.plain(topic) },
        ...(await lagOf(cluster, reader, onBroker, topic, partitions)),
        members: members.filter(({ topics: read }) => read.includes(topic)).length,
      });
    }
  }
  return rows;
}

/** Deletes a group that has no members, or its offsets on one topic that none of them reads. */
export async function forgetGroup(
  cluster: Cluster,
  names: Names,
  group: string,
  topic?: string,
): Promise<void> {
  const refusal = new ForgetRefusal('kafka', group, topic);
  const [onBroker, ofTopic] = [names.group(group), topic === undefined ? undefined : names.topic(topic)];
  try {
    if (ofTopic === undefined) return await cluster.deleteGroup(onBroker);
    if (!(await cluster.topicsOf(onBroker)).includes(ofTopic)) throw refusal.unknown();
    await cluster.deleteOffsets(onBroker, ofTopic);
  } catch (error) {
    if (hasCode(error, 'GROUP_ID_NOT_FOUND')) throw refusal.unknown();
    if (!hasCode(error, 'NON_EMPTY_GROUP', 'GROUP_SUBSCRIBED_TO_TOPIC')) throw error;
    const members = await cluster.members(onBroker);
    throw refusal.read(
      members.filter(({ topics }) => ofTopic === undefined || topics.includes(ofTopic)).length,
    );
  }
}
