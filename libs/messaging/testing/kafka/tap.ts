import { randomUUID } from 'node:crypto';
import { Kafka, logLevel, type KafkaMessage } from 'kafkajs';

const LIMIT_MS = 30_000;

export interface ReadRecord {
  readonly topic: string;
  readonly partition: number;
  readonly message: KafkaMessage;
}

/** Everything in the topics whose names begin so, as a consumer reads it that knows nothing of Taskwire. */
export async function readTopics(brokers: readonly string[], prefix: string): Promise<ReadRecord[]> {
  const kafka = new Kafka({ clientId: 'foreign', brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const consumer = kafka.consumer({ groupId: `${prefix}foreign-${randomUUID()}` });
  const records: ReadRecord[] = [];
  try {
    await admin.connect();
    const topics = (await admin.listTopics()).filter((name) => name.startsWith(prefix));
    let left = 0;
    for (const topic of topics) {
      for (const { low, high } of await admin.fetchTopicOffsets(topic)) left += Number(high) - Number(low);
    }
    await consumer.connect();
    await consumer.subscribe({ topics, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${String(left)} records could not be read`)), LIMIT_MS);
      const take = (record: ReadRecord): Promise<void> => {
        records.push(record);
        left -= 1;
        if (left === 0) end();
        return Promise.resolve();
      };
      const end = (): void => {
        clearTimeout(late);
        resolve();
      };
      if (left === 0) end();
      else consumer.run({ eachMessage: take }).catch(reject);
    });
    return records;
  } finally {
    await consumer.disconnect();
    await admin.disconnect();
  }
}
