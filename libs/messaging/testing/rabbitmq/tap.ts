import { connect, type ConsumeMessage } from 'amqplib';
import type { Topology } from '../../src/contract/topology.js';
import { Names } from '../../src/drivers/rabbitmq/names.js';

export interface Tap {
  /** What was published since, as it is on the wire: routing, properties, body. */
  readonly messages: readonly ConsumeMessage[];
  close(): Promise<void>;
}

/** Hears all topics of a topology as a consumer that knows nothing of Taskwire. They have to be declared. */
export async function tapRabbitmq(url: string, prefix: string, { topics }: Topology): Promise<Tap> {
  const names = new Names(prefix);
  const model = await connect(url);
  const channel = await model.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true, durable: false });
  for (const { name, partitions } of topics) {
    for (let partition = 0; partition < partitions; partition += 1) {
      await channel.bindQueue(queue, names.exchange(name), String(partition));
    }
  }
  const messages: ConsumeMessage[] = [];
  await channel.consume(queue, (message) => message && messages.push(message), { noAck: true });
  return { messages, close: () => model.close() };
}
