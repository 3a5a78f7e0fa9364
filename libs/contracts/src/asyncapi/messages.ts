import { type CommandContract, LONGEST_NAME, type MessageContract } from '@taskwire/messaging';
import { type JsonSchema, jsonSchemaOf, type SchemaCollector } from '../json-schema.js';
import { keyPointer } from '../key-pointer.js';
import { senderOf } from '../parties.js';
import { sampleOf } from '../sample.js';
import type { AsyncApiMessage, Reference } from './asyncapi.types.js';
import { messageBindings } from './bindings.js';

const contentType = 'application/json';
const CODE: JsonSchema = { type: 'string', maxLength: LONGEST_NAME };

/** The reply of any command that was neither done nor rejected. */
export const ENDED = 'command.ended';

const replyName = (type: string): string => `${type}.reply`;
const rejectionName = (type: string): string => `${type}.rejection`;

/** The messages that a contract stands for: itself and, of a command, what may come back. */
export function messagesFor(
  contract: MessageContract,
  schemas: SchemaCollector,
): Record<string, AsyncApiMessage> {
  const { type, kind } = contract;
  const key = keyPointer(contract);
  const examples = (['full', 'minimal'] as const).map((name) => ({
    name,
    payload: sampleOf(jsonSchemaOf(contract.payload), name),
  }));
  const message: AsyncApiMessage = {
    name: type,
    title: titleOf(type),
    summary: `${kind === 'command' ? 'A command' : 'An event'}, sent by ${senderOf(contract)}`,
    contentType,
    headers: headers(kind),
    ...(kind === 'command' && { correlationId: { $ref: '#/components/correlationIds/attempt' } }),
    payload: schemas.add(contract.payload),
    bindings: messageBindings(key),
    examples,
    'x-partition-key': key,
  };
  return { [type]: message, ...(contract.kind === 'command' && repliesFor(contract, schemas)) };
}

export function endedMessage(): AsyncApiMessage {
  return {
    name: ENDED,
    title: 'Command ended',
    summary:
      'The reply to a command that was neither done nor rejected; null for `conflict` (the id was used for another request) and `too-old`',
    contentType,
    headers: headers('ended'),
    payload: { anyOf: [problem(CODE), { type: 'null' }] },
  };
}

/** The names of what may be answered to a command. */
export function repliesTo({ type, rejections }: CommandContract): string[] {
  return [replyName(type), ...(rejections.length > 0 ? [rejectionName(type)] : []), ENDED];
}

function repliesFor(contract: CommandContract, schemas: SchemaCollector): Record<string, AsyncApiMessage> {
  const { type, rejections, reply } = contract;
  const done: AsyncApiMessage = {
    name: replyName(type),
    title: `${titleOf(type)}: done`,
    summary: `The reply to ${type}`,
    contentType,
    headers: headers('done'),
    payload: schemas.add(reply),
    examples: [{ name: 'full', payload: sampleOf(jsonSchemaOf(reply), 'full') }],
  };
  const rejected: AsyncApiMessage = {
    name: replyName(type),
    title: `${titleOf(type)}: rejected`,
    summary: `A rule of the service refuses ${type}; nothing was changed`,
    contentType,
    headers: headers('rejected'),
    payload: problem({ type: 'string', enum: rejections }),
  };
  return {
    [replyName(type)]: done,
    ...(rejections.length > 0 && { [rejectionName(type)]: rejected }),
  };
}

function problem(code: JsonSchema): JsonSchema {
  return { type: 'object', properties: { code, detail: { type: 'string' } }, required: ['code'] };
}

function headers(name: string): Reference {
  return { $ref: `#/components/schemas/headers.${name}` };
}

/** `notification.feed.appended.v1` -> `Notification feed appended`. */
function titleOf(type: string): string {
  const words = type.split('.').slice(0, -1).join(' ').replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
