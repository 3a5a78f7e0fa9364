import {
  type MessageContract,
  type Subscription,
  type TopicDeclaration,
  topologyOf,
} from '@taskwire/messaging';
import { SchemaCollector } from '../json-schema.js';
import type { AsyncApiChannel, AsyncApiDocument, AsyncApiMessage, Reference } from './asyncapi.types.js';
import { channelBindings } from './bindings.js';
import { HEADER_SPELLING, headerSchemas } from './headers.js';
import { ENDED, endedMessage, messagesFor, repliesTo } from './messages.js';
import { receiveOperations, REPLIES, sendOperation } from './operations.js';

const DESCRIPTION = `What the services of Taskwire tell each other: commands (a wish that one service may refuse) and events (what happened).
Every message is a CloudEvent 1.0 in binary mode: the body is the JSON payload alone, the attributes are headers.
${Object.entries(HEADER_SPELLING)
  .map(([protocol, spelling]) => `${protocol}: ${spelling}.`)
  .join(' ')}
Take fields that you don't know for those of a newer version, and leave them alone.`;

/** The AsyncAPI 3.0 document of the bus, made from the contracts alone. */
export function asyncApiDocument(
  version: string,
  contracts: readonly MessageContract[],
  subscriptions: readonly Subscription[],
): AsyncApiDocument {
  const schemas = new SchemaCollector();
  const messages: Record<string, AsyncApiMessage> = { [ENDED]: endedMessage() };
  for (const contract of contracts) Object.assign(messages, messagesFor(contract, schemas));
  const { topics } = topologyOf(contracts, subscriptions);
  return {
    asyncapi: '3.0.0',
    info: { title: 'Taskwire events', version, description: DESCRIPTION, license: { name: 'MIT' } },
    defaultContentType: 'application/json',
    channels: {
      ...Object.fromEntries(topics.map((topic) => [topic.name, channelOf(topic, contracts)])),
      [REPLIES]: repliesChannel(contracts),
    },
    operations: Object.fromEntries([
      ...contracts.map(sendOperation),
      ...subscriptions.flatMap(receiveOperations),
    ]),
    components: {
      messages,
      schemas: { ...headerSchemas, ...schemas.components },
      correlationIds: {
        attempt: {
          location: '$message.header#/correlationid',
          description: 'Of one attempt to send the command: another attempt gets a reply of its own',
        },
      },
    },
  };
}

function channelOf(topic: TopicDeclaration, contracts: readonly MessageContract[]): AsyncApiChannel {
  const types = contracts.filter((contract) => contract.topic === topic.name).map(({ type }) => type);
  return {
    address: topic.name,
    description: `${topic.partitions} partitions; the same key goes to the same partition, in order`,
    messages: references(types),
    bindings: channelBindings(topic),
  };
}

function repliesChannel(contracts: readonly MessageContract[]): AsyncApiChannel {
  const names = contracts.flatMap((contract) => (contract.kind === 'command' ? repliesTo(contract) : []));
  return {
    address: null,
    description: 'Replies to commands, best effort: whoever misses one asks for the operation',
    messages: references([...new Set(names)]),
  };
}

function references(names: readonly string[]): Record<string, Reference> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }]));
}
