import type { ChannelModel } from 'amqplib';
import type { GroupReading } from '../../driver.js';
import { ForgetRefusal } from '../forget-refusal.js';
import { withChannel } from './channel.js';
import { type Binding, readBindings } from './management.js';
import type { Names } from './names.js';
import type { Settings } from './settings.js';

interface BoundQueue {
  readonly group: string;
  readonly topic: string;
  readonly name: string;
}

interface Place {
  readonly model: ChannelModel;
  readonly names: Names;
  readonly settings: Settings;
}

/** Every group that has queues, whoever declared it. */
export async function readGroups({ model, names, settings }: Place): Promise<GroupReading[]> {
  const bindings = await readBindings(settings);
  const readings = Map.groupBy(
    queuesOf(bindings, settings.prefix),
    ({ group, topic }) => `${group}\0${topic}`,
  );
  const rows = [...readings.values()].map(async (queues): Promise<GroupReading> => {
    const { group, topic } = queues[0] as BoundQueue;
    const { messages, consumers } = await count(model, queues);
    // Each member consumes from its share of the queues only.
    const members = consumers > 0 ? Math.max(1, membersOf(bindings, names, group)) : 0;
    return { group, topic, messages, members, oldestAgeMs: 0 };
  });
  return (await Promise.all(rows)).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** Deletes the queues of a group that nobody reads, with their bindings: of one topic, or all. */
export async function forgetGroup(
  { model, names, settings }: Place,
  group: string,
  topic?: string,
): Promise<void> {
  const refusal = new ForgetRefusal('rabbitmq', group, topic);
  const bindings = await readBindings(settings);
  const queues = queuesOf(bindings, settings.prefix).filter(
    (queue) => queue.group === group && (topic === undefined || queue.topic === topic),
  );
  if (queues.length === 0) throw refusal.unknown();
  const { consumers } = await count(model, queues);
  const members = membersOf(bindings, names, group);
  if (consumers > 0 || (topic === undefined && members > 0)) throw refusal.read(Math.max(1, members));
  // A quorum queue takes no `ifUnused`: who subscribes between look and deletion is told that its queue is gone.
  await withChannel(model, async (channel) => {
    for (const { name } of queues) await channel.deleteQueue(name);
    if (topic === undefined) await channel.deleteExchange(names.members(group));
  });
}

/** What is bound to a topic's exchange under a partition's number, by the name that a group's queue has. */
function queuesOf(bindings: readonly Binding[], prefix: string): BoundQueue[] {
  return bindings.flatMap(({ source, destination, destination_type: type, routing_key: partition }) => {
    const [begin, end] = [`${source}.`, `.${partition}`];
    const isOurs = source !== '' && source.startsWith(prefix) && type === 'queue' && /^\d+$/.test(partition);
    if (!isOurs || !destination.startsWith(begin) || !destination.endsWith(end)) return [];
    const group = destination.slice(begin.length, -end.length);
    return [{ group, topic: source.slice(prefix.length), name: destination }];
  });
}

/** Each has a queue of its own, bound to the group's exchange. */
const membersOf = (bindings: readonly Binding[], names: Names, group: string): number =>
  bindings.filter(({ source }) => source === names.members(group)).length;

const keyOf = ({ group, topic }: GroupReading): string => `${group}\0${topic}`;

async function count(
  model: ChannelModel,
  queues: readonly BoundQueue[],
): Promise<{ messages: number; consumers: number }> {
  const states = await withChannel(model, (channel) =>
    Promise.all(queues.map(({ name }) => channel.checkQueue(name))),
  );
  return {
    messages: states.reduce((sum, { messageCount }) => sum + messageCount, 0),
    consumers: states.reduce((sum, { consumerCount }) => sum + consumerCount, 0),
  };
}
