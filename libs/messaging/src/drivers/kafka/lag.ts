import type { GroupLag } from '../../driver.js';
import type { Names } from './names.js';
import type { Cluster } from './platformatic/cluster.js';
import type { RecordReader } from './platformatic/record-reader.js';
import type { Topics } from './topology.js';

/** Of each group and topic so many partitions are looked into for their oldest message: those most behind. */
const MOST_LOOKED_INTO = 16;

interface Behind {
  readonly partition: number;
  readonly at: bigint;
  readonly messages: bigint;
}

/** How far every group that was declared here is behind, whoever reads it. */
export async function readLag(
  cluster: Cluster,
  reader: RecordReader,
  topics: Topics,
  names: Names,
): Promise<GroupLag[]> {
  return Promise.all(
    topics.groups.map(async ({ group, topic, partitions }) => {
      const lag = await lagOf(cluster, reader, names.group(group), names.topic(topic), partitions);
      return { group, topic, ...lag };
    }),
  );
}

/** Of one group on one topic, by their names on the broker. */
export async function lagOf(
  cluster: Cluster,
  reader: RecordReader,
  group: string,
  topic: string,
  partitions: number,
): Promise<Pick<GroupLag, 'messages' | 'oldestAgeMs'>> {
  const committed = await cluster.committed(group, topic, partitions);
  const [lows, ends] = await Promise.all([
    cluster.offsets(topic, partitions, -2),
    cluster.offsets(topic, partitions, -1),
  ]);
  const behind = ends
    .map((end, partition): Behind => {
      const low = lows[partition] ?? 0n;
      const position = committed[partition] ?? -1n;
      const at = position > low ? position : low;
      return { partition, at, messages: end > at ? end - at : 0n };
    })
    .filter(({ messages }) => messages > 0n);
  const messages = Number(behind.reduce((sum, p) => sum + p.messages, 0n));
  return { messages, oldestAgeMs: await oldestAge(reader, topic, behind) };
}

async function oldestAge(reader: RecordReader, topic: string, behind: readonly Behind[]): Promise<number> {
  const most = [...behind].sort((a, b) => (a.messages < b.messages ? 1 : -1)).slice(0, MOST_LOOKED_INTO);
  let oldest = Infinity;
  for (const { partition, at } of most) {
    oldest = Math.min(oldest, (await reader.timestampAt(topic, partition, at)) ?? Infinity);
  }
  return Math.max(0, oldest === Infinity ? 0 : Date.now() - oldest);
}
