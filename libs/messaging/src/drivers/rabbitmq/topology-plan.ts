import type { Channel, ChannelModel } from 'amqplib';
import type { GroupDeclaration, Topology, TopologyDifference } from '../../contract/topology.js';
import { missing } from '../topology-difference.js';
import { messageOf, orFail, withChannel } from './channel.js';
import { type DeliveryLimitProblem, deliveryLimitProblem, lacksDeliveryLimit } from './delivery-limit.js';
import { lookAtBindings, type QueuePolicy, readQueuePolicies } from './management.js';
import type { Names } from './names.js';
import type { Settings } from './settings.js';
import { differenceOf, groupQueueArguments } from './topology.js';

const LOOK_TIMEOUT_MS = 10_000;
const MEND = 'use a new version of the topic, or let it run empty and delete it';

/** What only the management plugin tells. */
interface Told {
  policies(): Promise<ReadonlyMap<string, QueuePolicy>>;
  /** True also where the plugin doesn't tell. */
  isBound(queue: string, exchange: string, partition: number): boolean;
}

/** What is missing, and what is there with other settings; compared by the broker itself, as a declaration is. */
export async function planTopology(
  model: ChannelModel,
  names: Names,
  { topics, groups }: Topology,
  settings: Settings,
): Promise<TopologyDifference[]> {
  const differences: TopologyDifference[] = [];
  for (const { name, partitions } of topics) {
    const found = [
      await look(
        model,
        (channel) => channel.checkExchange(names.exchange(name)),
        (channel) => channel.assertExchange(names.exchange(name), 'direct', { durable: true }),
      ),
      await look(
        model,
        (channel) => channel.checkQueue(names.layout(name)),
        (channel) => channel.assertQueue(names.layout(name), { durable: true, maxLength: partitions }),
      ),
    ];
    const conflict = found.find((one) => one !== 'missing' && one !== undefined);
    if (conflict !== undefined) {
      differences.push({ kind: 'conflict', what: 'topic', name, detail: conflict, change: MEND });
    } else if (found.includes('missing')) {
      differences.push(missing('topic', name, `${String(partitions)} partitions`));
    }
  }
  const partitionsOf = new Map(topics.map(({ name, partitions }) => [name, partitions]));
  const bindings = await lookAtBindings(settings);
  const bound = new Set(bindings?.map((one) => keyOf(one.destination, one.source, one.routing_key)));
  let reading: Promise<ReadonlyMap<string, QueuePolicy>> | undefined;
  const told: Told = {
    policies: () => (reading ??= readQueuePolicies(settings)),
    isBound: (queue, exchange, partition) =>
      bindings === undefined || bound.has(keyOf(queue, exchange, String(partition))),
  };
  for (const group of groups) {
    differences.push(...(await planGroup(model, names, group, partitionsOf, told)));
  }
  return differences;
}

async function planGroup(
  model: ChannelModel,
  names: Names,
  { name, topics }: GroupDeclaration,
  partitionsOf: ReadonlyMap<string, number>,
  told: Told,
): Promise<TopologyDifference[]> {
  const queueArguments = groupQueueArguments(model);
  const lacking: string[] = [];
  const differences: TopologyDifference[] = [];
  for (const topic of topics) {
    for (let partition = 0; partition < (partitionsOf.get(topic) ?? 0); partition += 1) {
      const queue = names.queue(topic, name, partition);
      const found = await look(
        model,
        (channel) => channel.checkQueue(queue),
        (channel) => channel.assertQueue(queue, { durable: true, arguments: queueArguments }),
      );
      if (found === 'missing') lacking.push(`queue ${queue}`);
      else if (found !== undefined && !lacksDeliveryLimit(found)) {
        differences.push({ kind: 'conflict', what: 'group', name, detail: found, change: MEND });
      } else {
        const problem = found === undefined ? undefined : await deliveryLimitOf(queue, told);
        if (problem) differences.push({ kind: 'conflict', what: 'group', name, ...problem });
        else if (!told.isBound(queue, names.exchange(topic), partition))
          lacking.push(`binding of queue ${queue}`);
      }
    }
  }
  if (lacking.length > 0) {
    const more = lacking.length > 1 ? ` and ${String(lacking.length - 1)} more` : '';
    differences.push(missing('group', name, `${lacking[0] ?? ''}${more}`));
  }
  return differences;
}

async function deliveryLimitOf(queue: string, told: Told): Promise<DeliveryLimitProblem | undefined> {
  try {
    return deliveryLimitProblem(queue, (await told.policies()).get(queue));
  } catch (error) {
    return { detail: `the queue ${queue} was made by RabbitMQ 3`, change: messageOf(error) };
  }
}

const keyOf = (...names: string[]): string => names.join('\0');

/** Whether something is `missing`, or how it differs; undefined when it is as it should be. Each refusal ends its channel. */
async function look(
  model: ChannelModel,
  exists: (channel: Channel) => Promise<unknown>,
  fits: (channel: Channel) => Promise<unknown>,
): Promise<string | undefined> {
  const looking = withChannel(model, async (channel) => {
    await exists(channel);
    await fits(channel);
  });
  try {
    await orFail(looking, LOOK_TIMEOUT_MS, 'looking at the topology');
    return undefined;
  } catch (error) {
    const text = messageOf(error);
    if (text.includes('NOT_FOUND')) return 'missing';
    if (text.includes('PRECONDITION_FAILED')) return differenceOf(text);
    throw error;
  }
}
