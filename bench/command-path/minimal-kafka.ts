import { Consumer, type Message, type MessageToProduce, ProduceAcks, Producer } from '@platformatic/kafka';
import { batches, type Command, type Done, type FrontBus, type ServiceBus } from './minimal-bus.ts';
import { minimal, partitionOfOwner } from './names.ts';

type Raw = MessageToProduce<Buffer, Buffer, Buffer, Buffer>;

const bootstrapBrokers = (process.env.KAFKA_BROKERS ?? '').split(',');
const COMMIT_MS = 100;
const header = (message: Message<Buffer, Buffer, Buffer, Buffer>, name: string): string => {
  for (const [key, value] of message.headers) if (key.toString() === name) return value.toString();
  return '';
};

/** One produce request at a time, with all that waits. */
function sender(): (messages: Raw[]) => Promise<void> {
  const producer = new Producer({
    clientId: 'minimal',
    bootstrapBrokers,
    idempotent: true,
    acks: ProduceAcks.ALL,
  });
  const add = batches<{ messages: Raw[]; sent: () => void }>(async (items) => {
    await producer.send({ messages: items.flatMap(({ messages }) => messages) });
    for (const { sent } of items) sent();
  });
  return (messages) => new Promise((sent) => add({ messages, sent }));
}

async function read(topic: string, group: string, mode: 'latest' | 'committed') {
  const consumer = new Consumer({ clientId: group, groupId: group, bootstrapBrokers });
  const stream = await consumer.consume({
    ...{ topics: [topic], mode, fallbackMode: 'earliest' },
    ...{ autocommit: false, maxWaitTime: 100, minBytes: 1 },
  });
  return { consumer, stream };
}

export async function kafkaFront(): Promise<FrontBus> {
  const waiting = new Map<string, (reply: Buffer) => void>();
  const { stream } = await read(minimal.replies, `minimal-gateway-${process.pid}`, 'latest');
  stream.on('data', (message) => {
    const id = header(message, 'id');
    waiting.get(id)?.(message.value);
    waiting.delete(id);
  });
  const send = sender();
  return {
    request: async (id, owner, body) => {
      const reply = new Promise<Buffer>((resolve) => waiting.set(id, resolve));
      const headers = new Map([[Buffer.from('id'), Buffer.from(id)]]);
      const message = { key: Buffer.from(owner), value: body, headers, partition: partitionOfOwner(owner) };
      await send([{ topic: minimal.commands, ...message }]);
      return reply;
    },
  };
}

export async function kafkaService(): Promise<ServiceBus> {
  const { consumer, stream } = await read(minimal.commands, minimal.group, 'committed');
  const send = sender();
  const settled = new Map<number, bigint>();
  const commit = async () => {
    const offsets = [...settled].map(([partition, offset]) => ({ partition, offset }));
    settled.clear();
    const place = { topic: minimal.commands, leaderEpoch: -1 };
    if (offsets.length > 0) await consumer.commit({ offsets: offsets.map((at) => ({ ...place, ...at })) });
    setTimeout(() => void commit(), COMMIT_MS);
  };
  await commit();
  return {
    consume: async (handle) => {
      const add = batches<Command>(async (commands) => void (await handle(commands)));
      stream.on('data', (message) => {
        const { value: body, partition, offset } = message;
        add({
          body,
          partition,
          source: offset,
          correlationId: header(message, 'id'),
          replyTo: minimal.replies,
        });
      });
    },
    send: (done) => send([...done.map(reply), ...done.map(event)]),
    settle: (done) => {
      for (const { command } of done) settled.set(command.partition, (command.source as bigint) + 1n);
    },
  };
}

function reply({ command, reply: value }: Done): Raw {
  const headers = new Map([[Buffer.from('id'), Buffer.from(command.correlationId)]]);
  return { topic: command.replyTo, value, headers, partition: 0 };
}

function event({ event: { id, owner, body } }: Done): Raw {
  const headers = new Map([[Buffer.from('id'), Buffer.from(id)]]);
  const to = { topic: minimal.events, partition: partitionOfOwner(owner) };
  return { ...to, key: Buffer.from(owner), value: body, headers };
}
