import { contracts, subscriptions } from '@taskwire/contracts';
import { topologyOf } from '@taskwire/messaging';
import { type ReadRecord, readTopics } from '@taskwire/messaging/testing/kafka';
import { type Tap, tapRabbitmq } from '@taskwire/messaging/testing/rabbitmq';
import { CloudEvent, HTTP, Kafka, type KafkaMessage } from 'cloudevents';
import type { BusName } from '../buses.js';

export interface ForeignConsumer {
  /** What was heard so far. Throws when something of it is no CloudEvent. */
  read(): Promise<readonly CloudEvent[]>;
  close(): Promise<void>;
}

/** Somebody who has a client of the broker and the package `cloudevents`, and hears what the services send from now on. */
export async function foreignConsumer(
  name: Exclude<BusName, 'postgres'>,
  { BUS_PREFIX: prefix = '', KAFKA_BROKERS = '', RABBITMQ_URL = '' }: NodeJS.ProcessEnv,
): Promise<ForeignConsumer> {
  switch (name) {
    case 'kafka':
      return {
        read: async () => (await readTopics(KAFKA_BROKERS.split(','), prefix)).map(ofKafka),
        close: () => Promise.resolve(),
      };
    case 'rabbitmq': {
      const tap = await tapRabbitmq(RABBITMQ_URL, prefix, topologyOf(contracts, subscriptions));
      return { read: () => Promise.resolve(tap.messages.map(ofRabbitmq)), close: () => tap.close() };
    }
  }
}

function ofKafka({ message: { key, headers, value } }: ReadRecord): CloudEvent {
  const named = Object.fromEntries(Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)]));
  const body = String(value);
  const read: KafkaMessage<string> = { key: String(key), headers: named, value: body, body };
  return only(Kafka.toEvent(read));
}

/** Binary mode is the same in AMQP as in HTTP, but for the prefix. */
function ofRabbitmq({ properties, content }: Tap['messages'][number]): CloudEvent {
  const attributes = Object.entries((properties.headers ?? {}) as Record<string, string>)
    .filter(([name]) => name.startsWith('cloudEvents_'))
    .map(([name, text]) => [name.replace('cloudEvents_', 'ce-'), text] as const);
  const headers = { ...Object.fromEntries(attributes), 'content-type': String(properties.contentType) };
  return only(HTTP.toEvent({ headers, body: content.toString() }));
}

function only(read: unknown): CloudEvent {
  if (!(read instanceof CloudEvent)) throw new TypeError('not one CloudEvent');
  const event = read as CloudEvent;
  event.validate();
  return event;
}
