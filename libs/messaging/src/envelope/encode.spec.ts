import { describe, expect, it } from '@jest/globals';
import { ROOT_CONTEXT, propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { z } from 'zod';
import { command, event } from '../contract/message.js';
import { SYSTEM } from '../envelope.js';
import { partitionOf } from '../partition.js';
import { ContractError } from './contract-error.js';
import { decode, type Receiver } from './decode.js';
import { encodeCommand, encodeEvent } from './encode.js';
import { contextOf, originOf } from './origin.js';

propagation.setGlobalPropagator(new W3CTraceContextPropagator());

const payload = z.object({ owner: z.string(), at: z.coerce.date(), tags: z.array(z.string().max(3)) });
const key = (p: { owner: string }) => p.owner;
const Created = event('note.created.v1', { topic: 'note.events', key, payload });
const Create = command('note.create.v1', {
  topic: 'note.commands',
  key,
  payload,
  reply: payload,
  rejections: [],
});
const note = { owner: 'ann', at: new Date('2026-01-02T03:04:05.678Z'), tags: ['a'] };
const receiver: Receiver = {
  contractOf: (type) => [Created, Create].find((contract) => contract.type === type),
  carriesCommands: (topic) => topic === Create.topic,
  ordered: true,
};
const traceId = '0af7651916cd43dd8448eb211c80319c';
const context = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: 'b7ad6b7169203331', traceFlags: 1 });

describe('encode', () => {
  it('makes a CloudEvent whose body is the payload alone, on the partition of its key', () => {
    const message = encodeEvent(Created, note, { identity: SYSTEM, context });
    expect(message).toMatchObject({ topic: 'note.events', key: 'ann', partition: partitionOf('ann', 8) });
    expect(message.headers).toMatchObject({
      ...{ specversion: '1.0', type: 'note.created.v1', source: '/note.events' },
      ...{ datacontenttype: 'application/json', partitionkey: 'ann' },
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
    });
    expect(JSON.parse(message.body.toString())).toEqual({ ...note, at: '2026-01-02T03:04:05.678Z' });
  });

  it('takes the partitions and the source that it is given', () => {
    const origin = { identity: SYSTEM, context };
    const message = encodeEvent(Created, note, origin, { source: '/notes', partitions: () => 1 });
    expect(message).toMatchObject({ partition: 0, headers: { source: '/notes' } });
  });

  it('is read again as it was sent, with who acts and its trace', () => {
    const options = {
      ...{ id: 'c1', requestHash: 'h', firstSentAt: new Date(1_000), deadline: new Date(2_000) },
      identity: { actor: 'u1', roles: ['user', 'admin'], session: 's1' },
    };
    const reply = { address: 'here', correlationId: 'x' };
    const { headers, body } = encodeCommand(Create, note, options, context, reply);
    const { message, fault, traceId: parked } = decode(headers, body, receiver);
    expect(fault).toBeNull();
    expect(message).toMatchObject({
      ...{
        id: 'c1',
        kind: 'command',
        type: 'note.create.v1',
        topic: 'note.commands',
        key: 'ann',
        payload: note,
      },
      ...{ actor: 'u1', roles: ['user', 'admin'], session: 's1', requestHash: 'h', sequence: null },
      ...{ firstSentAt: new Date(1_000), deadline: new Date(2_000), partition: partitionOf('ann', 8) },
    });
    expect(headers).toMatchObject({ replyto: 'here', correlationid: 'x' });
    expect(parked).toBe(traceId);
    expect(trace.getSpanContext(contextOf(message))?.traceId).toBe(traceId);
  });

  it('hands actor and trace of its cause on', () => {
    const cause = encodeEvent(Created, note, {
      identity: { actor: 'u1', roles: ['user'], session: null },
      context,
    });
    const { message } = decode(cause.headers, cause.body, receiver);
    const caused = encodeEvent(Created, note, originOf(message));
    expect(caused.headers).toMatchObject({
      actor: 'u1',
      roles: 'user',
      traceparent: cause.headers.traceparent,
    });
    expect(caused.headers.id).not.toBe(cause.headers.id);
  });

  it('refuses a payload that does not fit by type and JSON pointer, never by value', () => {
    const secret = { owner: 'ann', at: 'no date', tags: ['ok', 'hunter2'] } as unknown as typeof note;
    const attempt = () => encodeEvent(Created, secret);
    expect(attempt).toThrow(ContractError);
    expect(attempt).toThrow(
      'note.created.v1: does not fit its contract at /at (invalid_type), /tags/1 (too_big)',
    );
    expect(attempt).not.toThrow(/hunter2|no date/);
  });

  it('refuses a key or an id that no store could index', () => {
    const long = 'x'.repeat(256);
    expect(() => encodeEvent(Created, { ...note, owner: long })).toThrow('at its key (too_big)');
    const options = { id: long, identity: SYSTEM, firstSentAt: new Date(), deadline: new Date() };
    expect(() => encodeCommand(Create, note, options, context, undefined)).toThrow('at its id (too_big)');
  });

  it('names only the first mismatches of many', () => {
    const tags = Array.from({ length: 9 }, () => 'too long');
    expect(() => encodeEvent(Created, { ...note, tags })).toThrow(/\/tags\/4 \(too_big\), 4 more$/);
  });
});
