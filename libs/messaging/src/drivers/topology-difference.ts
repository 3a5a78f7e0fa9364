import type { TopologyDifference } from '../contract/topology.js';

const DECLARE = 'declare it: start a service again, or run "taskwire topology apply"';
const OTHER_COUNT = 'another number needs a new version of the topic';

export function missing(what: 'topic' | 'group', name: string, detail: string): TopologyDifference {
  return { kind: 'missing', what, name, detail, change: DECLARE };
}

/** `found` is the number of partitions that the broker has, undefined when there is no such topic. */
export function topicDifference(
  name: string,
  partitions: number,
  found: number | undefined,
): TopologyDifference[] {
  if (found === partitions) return [];
  if (found === undefined) return [missing('topic', name, `${String(partitions)} partitions`)];
  const detail = `it has ${String(found)} partitions, not ${String(partitions)}`;
  return [{ kind: 'conflict', what: 'topic', name, detail, change: OTHER_COUNT }];
}

/** `lacking` are the topics that the broker does not know the group to read. */
export function groupDifference(
  name: string,
  lacking: readonly string[],
  from: 'now' | 'earliest',
): TopologyDifference[] {
  if (lacking.length === 0) return [];
  return [missing('group', name, `reads ${lacking.join(', ')}, from: ${from}`)];
}
