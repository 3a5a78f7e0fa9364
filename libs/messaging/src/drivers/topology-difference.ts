import type { TopologyDifference } from '../contract/topology.js';

/** `found` is the number of partitions that the broker has, undefined when there is no such topic. */
export function topicDifference(
  name: string,
  partitions: number,
  found: number | undefined,
): TopologyDifference[] {
  if (found === partitions) return [];
  if (found === undefined) {
    return [{ kind: 'missing', what: 'topic', name, detail: `${String(partitions)} partitions` }];
  }
  const detail = `it has ${String(found)} partitions, not ${String(partitions)}: another number needs a new version of the topic`;
  return [{ kind: 'conflict', what: 'topic', name, detail }];
}

/** `missing` are the topics that the broker does not know the group to read. */
export function groupDifference(
  name: string,
  missing: readonly string[],
  from: 'now' | 'earliest',
): TopologyDifference[] {
  if (missing.length === 0) return [];
  return [{ kind: 'missing', what: 'group', name, detail: `reads ${missing.join(', ')}, from: ${from}` }];
}
