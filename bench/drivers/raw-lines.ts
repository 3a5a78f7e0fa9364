/** The clients alone, used well: confirmed by all replicas, idempotent, acknowledged or committed behind the handling. */
import { Admin, Consumer, ProduceAcks, Producer } from '@platformatic/kafka';
import { connect, type ConsumeMessage } from 'amqplib';
import { Kafka, logLevel } from 'kafkajs';
import { decode, encode, type OpenLine, PARTITIONS, type Parcel } from './line.ts';

const COMMIT_MS = 100;
const PREFETCH = 200;
const brokers = (process.env.KAFKA_BROKERS ?? '').split(',');

export const platformaticLine: OpenLine = async (topic, receive) => {
  await makeTopic(topic);
  const client = { clientId: topic, bootstrapBrokers: brokers };
  const consumer = new Consumer({ ...client, groupId: topic });
  const start = { mode: 'committed', fallbackMode: 'earliest' } as const;
  const stream = await consumer.consume({
    ...start,
    topics: [topic],
    autocommit: COMMIT_MS,
    maxWaitTime: 100,
  });
  stream.on('data', ({ value }) => receive([decode(value)]));
  const producer = new Producer({ ...client, idempotent: true, acks: ProduceAcks.ALL });
  const message = ({ partition, key, headers, content }: Parcel) => {
    const pairs = Object.entries(headers).map(
      ([name, text]) => [Buffer.from(name), Buffer.from(text)] as const,
    );
    return { topic, partition, key: Buffer.from(key), value: encode(content), headers: new Map(pairs) };
  };
  return { send: async (parcels) => void (await producer.send({ messages: parcels.map(message) })) };
};

export const kafkajsLine: OpenLine = async (topic, receive) => {
  await makeTopic(topic);
  const kafka = new Kafka({ clientId: topic, brokers, logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: topic });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const joined = new Promise((resolve) => consumer.on('consumer.group_join', resolve));
  const settled = new Map<number, string>();
  await consumer.run({
    ...{ autoCommit: false, partitionsConsumedConcurrently: PARTITIONS },
    eachBatch: async ({ batch }) => {
      receive(batch.messages.map(({ value }) => decode(value)));
      settled.set(batch.partition, String(BigInt(batch.lastOffset()) + 1n));
    },
  });
  setInterval(() => {
    const offsets = [...settled].map(([partition, offset]) => ({ topic, partition, offset }));
    settled.clear();
    if (offsets.length > 0) void consumer.commitOffsets(offsets);
  }, COMMIT_MS);
  await joined;
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
  });
  await producer.connect();
  const message = ({ partition, key, headers, content }: Parcel) => ({
    partition,
    key,
    headers: { ...headers },
    value: encode(content),
  });
  return {
    send: async (parcels) => void (await producer.send({ topic, acks: -1, messages: parcels.map(message) })),
  };
};

export const amqplibLine: OpenLine = async (name, receive) => {
  const open = async () => {
    const model = await connect(process.env.RABBITMQ_URL ?? '', { noDelay: true });
    return model.createConfirmChannel();
  };
  const [incoming, outgoing] = [await open(), await open()];
  await outgoing.assertExchange(name, 'direct', { durable: true });
  await incoming.prefetch(PREFETCH);
  let last: ConsumeMessage | undefined;
  const acknowledge = () => {
    if (last) incoming.ack(last, true);
    last = undefined;
  };
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const args = { 'x-queue-type': 'quorum', 'x-single-active-consumer': true };
    await incoming.assertQueue(`${name}.${partition}`, { durable: true, arguments: args });
    await incoming.bindQueue(`${name}.${partition}`, name, String(partition));
    await incoming.consume(`${name}.${partition}`, (message) => {
      if (!message) throw new Error('the queue is gone');
      receive([decode(message.content)]);
      if (!last) setImmediate(acknowledge);
      last = message;
    });
  }
  return {
    send: (parcels) => {
      for (const { partition, key, headers, content } of parcels) {
        outgoing.publish(name, String(partition), encode(content), {
          persistent: true,
          headers: { ...headers, key },
        });
      }
      return outgoing.waitForConfirms();
    },
  };
};

async function makeTopic(topic: string): Promise<void> {
  const admin = new Admin({ clientId: topic, bootstrapBrokers: brokers });
  await admin.createTopics({ topics: [topic], partitions: PARTITIONS, replicas: 1 });
  await admin.close();
}
