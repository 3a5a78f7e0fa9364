import { connect, type ConfirmChannel, type ConsumeMessage, type Options } from 'amqplib';
import { batches, type Command, type FrontBus, type ServiceBus } from './minimal-bus.ts';
import { minimal, PARTITIONS, partitionOfOwner, queueOf } from './names.ts';

const PREFETCH = 200;
const DIRECT_REPLY = 'amq.rabbitmq.reply-to';

async function openChannel(): Promise<ConfirmChannel> {
  const model = await connect(process.env.RABBITMQ_URL ?? '', { noDelay: true });
  return model.createConfirmChannel();
}

function publish(
  channel: ConfirmChannel,
  exchange: string,
  owner: string,
  body: Buffer,
  options: Options.Publish,
) {
  return new Promise<void>((resolve, reject) => {
    const confirmed = (error: Error | null) => (error ? reject(error) : resolve());
    channel.publish(
      exchange,
      String(partitionOfOwner(owner)),
      body,
      { persistent: true, ...options },
      confirmed,
    );
  });
}

export async function rabbitmqFront(): Promise<FrontBus> {
  const channel = await openChannel();
  const waiting = new Map<string, (reply: Buffer) => void>();
  const receive = (message: ConsumeMessage | null) => {
    const id = String(message?.properties.correlationId);
    waiting.get(id)?.(message?.content ?? Buffer.alloc(0));
    waiting.delete(id);
  };
  await channel.consume(DIRECT_REPLY, receive, { noAck: true });
  return {
    request: async (id, owner, body) => {
      const reply = new Promise<Buffer>((resolve) => waiting.set(id, resolve));
      const options = { messageId: id, correlationId: id, replyTo: DIRECT_REPLY };
      await publish(channel, minimal.commands, owner, body, options);
      return reply;
    },
  };
}

export async function rabbitmqService(): Promise<ServiceBus> {
  const [incoming, outgoing] = [await openChannel(), await openChannel()];
  await incoming.prefetch(PREFETCH);
  return {
    consume: async (handle) => {
      const add = batches<Command>(async (commands) => void (await handle(commands)));
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        await incoming.consume(queueOf(minimal.commands, partition), (message) => {
          if (!message) throw new Error('the queue is gone');
          const { correlationId, replyTo } = message.properties as { correlationId: string; replyTo: string };
          add({ body: message.content, partition, source: message, correlationId, replyTo });
        });
      }
    },
    send: async (done) => {
      for (const { command, reply } of done) {
        outgoing.sendToQueue(command.replyTo, reply, { correlationId: command.correlationId });
      }
      await Promise.all(
        done.map(({ event }) =>
          publish(outgoing, minimal.events, event.owner, event.body, { messageId: event.id }),
        ),
      );
    },
    settle: (done) => {
      const last = done.at(-1);
      if (last) incoming.ack(last.command.source as ConsumeMessage, true);
    },
  };
}
