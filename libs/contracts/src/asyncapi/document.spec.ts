import { describe, expect, it } from '@jest/globals';
import { DiagnosticSeverity, Parser } from '@asyncapi/parser';
import { encodeEvent } from '@taskwire/messaging';
import { contracts, subscriptions, UserRegistered } from '../index.js';
import { jsonSchemaOf } from '../json-schema.js';
import { sampleOf } from '../sample.js';
import { asyncApiDocument } from './index.js';

const document = asyncApiDocument('1.2.3', contracts, subscriptions);

const WORST: number = DiagnosticSeverity.Warning;
const { operations, channels, components } = document;

/** Errors and warnings of the parser. */
async function problemsOf(candidate: object): Promise<string[]> {
  const { diagnostics } = await new Parser().parse(JSON.stringify(candidate));
  return diagnostics
    .filter(({ severity }) => Number(severity) <= WORST)
    .map(({ message, path }) => `${path.join('/')}: ${message}`);
}

describe('asyncApiDocument', () => {
  it('is valid AsyncAPI 3.0', async () => {
    expect(await problemsOf(document)).toEqual([]);
  });

  it('would not be with an operation whose message is in no channel', async () => {
    const lost = { 'note.sends': { action: 'send', channel: { $ref: '#/channels/nowhere' } } };
    expect(await problemsOf({ ...document, operations: lost })).not.toEqual([]);
  });

  it('has every topic, message and subscription, each message with one sender', () => {
    const topics = new Set(contracts.map(({ topic }) => topic));
    expect(Object.keys(channels).sort()).toEqual([...topics, 'replies'].sort());
    for (const { type, topic } of contracts) expect(channels[topic]?.messages).toHaveProperty([type]);
    const names = Object.keys(operations);
    for (const { type } of contracts) {
      expect(names.filter((name) => name.endsWith(`.sends.${type}`))).toHaveLength(1);
    }
    for (const { name } of subscriptions) {
      expect(names.some((operation) => operation.startsWith(`${name}.receives.`))).toBe(true);
    }
  });

  it('gives samples that the contracts take', () => {
    for (const { type, payload } of contracts) {
      const examples = components.messages[type]?.examples ?? [];
      expect(examples.map((example) => payload.safeParse(example.payload).error)).toEqual([
        undefined,
        undefined,
      ]);
    }
  });

  it('says who asks for a command, who serves it, by which key, and what may come back', () => {
    const type = 'task.create.v1';
    const replies = [`${type}.reply`, `${type}.rejection`, 'command.ended'];
    expect(operations[`gateway.sends.${type}`]).toMatchObject({
      action: 'send',
      channel: { $ref: '#/channels/task.commands.v1' },
      reply: {
        address: { location: '$message.header#/replyto' },
        messages: replies.map((name) => ({ $ref: `#/channels/replies/messages/${name}` })),
      },
    });
    expect(operations['task.commands.receives.task.commands.v1']).toMatchObject({
      action: 'receive',
      bindings: { kafka: { groupId: { enum: ['task.commands'] } } },
    });
    expect(components.messages[type]).toMatchObject({ 'x-partition-key': '/ownerId' });
    expect(components.messages[`${type}.rejection`]?.payload.properties?.code).toEqual({
      type: 'string',
      enum: ['already_exists'],
    });
    expect(components.messages['task.created.v1']).toMatchObject({ 'x-partition-key': '/task/ownerId' });
  });

  it('has the headers that are on the wire', () => {
    const payload = UserRegistered.payload.parse(sampleOf(jsonSchemaOf(UserRegistered.payload), 'full'));
    const { headers } = encodeEvent(UserRegistered, payload);
    const { properties = {}, required = [] } = components.schemas['headers.event'] ?? {};
    expect(Object.keys(headers).filter((name) => !(name in properties))).toEqual([]);
    expect(required.filter((name) => !(name in headers))).toEqual([]);
  });
});
