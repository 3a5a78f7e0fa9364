import { connect } from 'amqplib';
import type { Topology } from '../../src/contract/topology.js';
import { Names } from '../../src/drivers/rabbitmq/names.js';

/** Deletes what a driver has declared under this prefix, with all messages: a broker has room for so many queues only. */
export async function removeTopology(
  url: string,
  prefix: string,
  { topics, groups }: Topology,
): Promise<void> {
  const names = new Names(prefix);
  const model = await connect(url);
  const channel = await model.createChannel();
  for (const { name, partitions } of topics) {
    for (const group of groups.filter((reader) => reader.topics.includes(name))) {
      for (let partition = 0; partition < partitions; partition += 1) {
        await channel.deleteQueue(names.queue(name, group.name, partition));
      }
    }
    await channel.deleteQueue(names.layout(name));
    await channel.deleteExchange(names.exchange(name));
  }
  for (const group of groups) await channel.deleteExchange(names.members(group.name));
  await model.close();
}
