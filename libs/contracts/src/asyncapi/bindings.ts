import type { TopicDeclaration } from '@taskwire/messaging';

const KAFKA = { bindingVersion: '0.5.0' };
const AMQP = { bindingVersion: '0.3.0' };

export function channelBindings({ name, partitions, retentionMs }: TopicDeclaration): object {
  return {
    kafka: { topic: name, partitions, topicConfiguration: { 'retention.ms': retentionMs }, ...KAFKA },
    amqp: {
      is: 'routingKey',
      exchange: { name, type: 'direct', durable: true, autoDelete: false },
      ...AMQP,
    },
  };
}

export const sendBindings: object = { amqp: { deliveryMode: 2, mandatory: true, ...AMQP } };

/** The consumer group of a subscription; a broadcast has none, since each instance gets everything. */
export function receiveBindings(name: string, kind: 'group' | 'broadcast'): object {
  return {
    ...(kind === 'group' && { kafka: { groupId: { type: 'string', enum: [name] }, ...KAFKA } }),
    amqp: { ack: kind === 'group', ...AMQP },
  };
}

export function messageBindings(key: string): object {
  return { kafka: { key: { type: 'string', description: keyText(key) }, ...KAFKA } };
}

function keyText(key: string): string {
  return key === 'computed' ? 'Computed from the payload' : `The value at ${key} of the payload`;
}
