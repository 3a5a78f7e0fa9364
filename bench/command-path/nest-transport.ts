import { type ClientProvider, type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { nest } from './names.ts';

/** As a Nest application has them by its documentation: persistent messages, acknowledged by the handler. */
const rmq = {
  urls: [process.env.RABBITMQ_URL ?? ''],
  queueOptions: { durable: true, arguments: { 'x-queue-type': 'quorum' } },
  persistent: true,
};
const kafka = (clientId: string) => ({
  client: { clientId, brokers: (process.env.KAFKA_BROKERS ?? '').split(',') },
  consumer: { groupId: clientId },
});
const onKafka = process.env.BUS === 'kafka';

export const server: MicroserviceOptions = onKafka
  ? { transport: Transport.KAFKA, options: kafka('nest-task') }
  : { transport: Transport.RMQ, options: { ...rmq, queue: nest.queue, noAck: false, prefetchCount: 200 } };

export const commandClient: ClientProvider = onKafka
  ? { transport: Transport.KAFKA, options: kafka('nest-gateway') }
  : { transport: Transport.RMQ, options: { ...rmq, queue: nest.queue } };

export const eventClient: ClientProvider = onKafka
  ? { transport: Transport.KAFKA, options: { ...kafka('nest-events'), producerOnlyMode: true } }
  : { transport: Transport.RMQ, options: { ...rmq, queue: nest.events } };

/** What is sent under a key: Kafka's client takes it beside the value. */
export const keyed = (key: string, value: object) =>
  onKafka ? { key, value: JSON.stringify(value) } : value;
