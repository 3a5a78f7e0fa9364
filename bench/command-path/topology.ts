import { Admin } from '@platformatic/kafka';
import { connect } from 'amqplib';
import { minimal, nest, PARTITIONS, queueOf } from './names.ts';

/** Makes what the two peers need on Kafka: as many partitions as Taskwire's topics have. */
export async function makeTopics(brokers: string): Promise<void> {
  const admin = new Admin({ clientId: 'bench', bootstrapBrokers: brokers.split(',') });
  const topics = [minimal.commands, minimal.events, nest.create, nest.created, `${nest.create}.reply`];
  try {
    await admin.createTopics({ topics, partitions: PARTITIONS, replicas: 1 });
    await admin.createTopics({ topics: [minimal.replies], partitions: 1, replicas: 1 });
  } finally {
    await admin.close();
  }
}

/** Makes what the two peers need on RabbitMQ: quorum queues, as Taskwire's. */
export async function makeQueues(url: string): Promise<void> {
  const model = await connect(url);
  const channel = await model.createChannel();
  const make = async (exchange: string, names: readonly string[]) => {
    await channel.assertExchange(exchange, 'direct', { durable: true });
    for (const name of names) {
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        const queue = queueOf(name, partition);
        const args = { 'x-queue-type': 'quorum', 'x-single-active-consumer': true };
        await channel.assertQueue(queue, { durable: true, arguments: args });
        await channel.bindQueue(queue, exchange, String(partition));
      }
    }
  };
  await make(minimal.commands, [minimal.commands]);
  await make(
    minimal.events,
    minimal.subscribers.map((name) => `${minimal.events}.${name}`),
  );
  for (const queue of [nest.queue, nest.events]) {
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  }
  await model.close();
}
