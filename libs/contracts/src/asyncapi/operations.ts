import type { CommandContract, MessageContract, Subscription } from '@taskwire/messaging';
import { messagesOf, senderOf, serviceOf } from '../parties.js';
import type { AsyncApiOperation, Reference } from './asyncapi.types.js';
import { receiveBindings, sendBindings } from './bindings.js';
import { repliesTo } from './messages.js';

export const REPLIES = 'replies';

/** Who sends a message, and what it waits for. */
export function sendOperation(contract: MessageContract): [string, AsyncApiOperation] {
  const { type, topic } = contract;
  const sender = senderOf(contract);
  return [
    `${sender}.sends.${type}`,
    {
      action: 'send',
      channel: channel(topic),
      summary: `${sender} sends ${type}`,
      tags: [{ name: sender }],
      messages: [messageIn(topic, type)],
      bindings: sendBindings,
      ...(contract.kind === 'command' && { reply: replyTo([contract]) }),
    },
  ];
}

/** What a subscription receives, one operation for each of its topics. */
export function receiveOperations(subscription: Subscription): [string, AsyncApiOperation][] {
  const { name, kind } = subscription;
  const service = serviceOf(name);
  const byTopic = Object.entries(Object.groupBy(messagesOf(subscription), ({ topic }) => topic));
  return byTopic.map(([topic, contracts = []]) => {
    const commands = contracts.filter((contract) => contract.kind === 'command');
    const operation: AsyncApiOperation = {
      action: 'receive',
      channel: channel(topic),
      summary:
        kind === 'group'
          ? `${service} handles each once, in the group ${name}`
          : `each instance of ${service} gets it, as a hint`,
      tags: [{ name: service }],
      messages: contracts.map(({ type }) => messageIn(topic, type)),
      bindings: receiveBindings(name, kind),
      ...(commands.length > 0 && { reply: replyTo(commands) }),
    };
    return [`${name}.receives.${topic}`, operation];
  });
}

function replyTo(commands: readonly CommandContract[]): AsyncApiOperation['reply'] {
  const names = [...new Set(commands.flatMap(repliesTo))];
  return {
    address: { location: '$message.header#/replyto', description: 'Given by who sends the command' },
    channel: channel(REPLIES),
    messages: names.map((name) => messageIn(REPLIES, name)),
  };
}

const channel = (name: string): Reference => ({ $ref: `#/channels/${name}` });
const messageIn = (name: string, message: string): Reference => ({
  $ref: `#/channels/${name}/messages/${message}`,
});
