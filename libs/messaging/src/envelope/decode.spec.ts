import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { command, event } from '../contract/message.js';
import { decode, type Receiver } from './decode.js';
import { encodeEvent } from './encode.js';

const payload = z.object({ owner: z.string() });
const key = (p: { owner: string }) => p.owner;
const Created = event('note.created.v1', { topic: 'note.events', key, payload });
const Create = command('note.create.v1', {
  topic: 'note.commands',
  key,
  payload,
  reply: payload,
  rejections: [],
});
const receiver: Receiver = {
  contractOf: (type) => [Created, Create].find((contract) => contract.type === type),
  carriesCommands: (topic) => topic === Create.topic,
  ordered: true,
};
const good = encodeEvent(Created, { owner: 'ann' });
const place = { topic: 'note.events', partition: 3, position: '42', key: 'ann' };

describe('decode', () => {
  it.each([
    ['no attributes at all', {}, 'undecodable', 'specversion is not 1.0'],
    [
      'another version of CloudEvents',
      { ...good.headers, specversion: '0.3' },
      'undecodable',
      'specversion is not 1.0',
    ],
    ['no id', { ...good.headers, id: '' }, 'undecodable', 'id is missing'],
    ['no type', { ...good.headers, type: '' }, 'undecodable', 'type is missing'],
    ['a time that is none', { ...good.headers, firstsent: 'soon' }, 'undecodable', 'firstsent is not a time'],
    [
      'a type that nobody handles',
      { ...good.headers, type: 'note.sung.v1' },
      'unknown_type',
      'no handler for this type',
    ],
  ])('makes a fault of %s', (_name, headers, code, detail) => {
    const { fault, message } = decode(headers, good.body, receiver, place);
    expect(fault).toEqual({ code, detail });
    expect(message).toMatchObject({ topic: 'note.events', partition: 3, key: 'ann', payload: null });
  });

  it.each([
    ['no JSON', '{"owner":', { code: 'undecodable', detail: 'the body is not JSON' }],
    ['an empty body', '', { code: 'undecodable', detail: 'the body is not JSON' }],
    ['another shape', '{"owner":7}', { code: 'contract_mismatch', detail: '/owner (invalid_type)' }],
    ['no object', 'null', { code: 'contract_mismatch', detail: '/ (invalid_type)' }],
  ])('makes a fault of a body that is %s', (_name, body, fault) => {
    expect(decode(good.headers, Buffer.from(body), receiver, place).fault).toEqual(fault);
  });

  it('names what has an id that no store could index by its place', () => {
    const long = 'x'.repeat(256);
    const headers = { ...good.headers, id: long, type: long, partitionkey: long };
    const { fault, message } = decode(headers, good.body, receiver, place);
    expect(fault).toEqual({ code: 'undecodable', detail: 'id is longer than 255 characters' });
    expect(message).toMatchObject({ id: 'note.events/3/42', type: long.slice(1), key: long.slice(1) });
  });

  it('names what has no id by its place', () => {
    expect(decode({}, good.body, receiver, place).message.id).toBe('note.events/3/42');
  });

  it('takes an unknown type in a topic of commands for a command, so that it is answered', () => {
    const headers = { ...good.headers, type: 'note.sing.v1', deadline: '2026-01-01T00:00:00Z' };
    const { message } = decode(headers, good.body, receiver, { ...place, topic: 'note.commands' });
    expect(message).toMatchObject({ kind: 'command', deadline: new Date('2026-01-01T00:00:00Z') });
  });

  it('gives no key where order does not matter', () => {
    const { message } = decode(good.headers, good.body, { ...receiver, ordered: false }, place);
    expect(message.key).toBeNull();
  });

  it('takes the time of a foreign event that has no first-sent time', () => {
    const { specversion, id, type } = good.headers;
    const foreign = { specversion, id, type, time: '2026-02-03T00:00:00.000Z' } as Record<string, string>;
    expect(decode(foreign, good.body, receiver, place).message.firstSentAt).toEqual(
      new Date('2026-02-03T00:00:00.000Z'),
    );
  });
});
