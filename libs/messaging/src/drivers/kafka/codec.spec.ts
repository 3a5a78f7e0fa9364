import { describe, expect, it } from '@jest/globals';
import { bytesOf, decodeHeaders, decodeRecord, encodeHeaders } from './codec.js';

const raw = (headers: Record<string, string>): [string, Buffer][] =>
  Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)]);

const record = {
  topic: 'x.task.events',
  partition: 3,
  offset: 12n,
  key: Buffer.from('owner'),
  value: Buffer.from('{}'),
  headers: raw({ ce_id: '1', ce_type: 'task.created.v1' }),
};

describe('the Kafka codec', () => {
  it('gives attributes the prefix of the CloudEvents binding', () => {
    const encoded = encodeHeaders({ id: '1', type: 'task.created.v1', partitionkey: 'owner' });
    expect(Object.keys(encoded)).toEqual(['ce_id', 'ce_type', 'ce_partitionkey']);
    expect(encoded['ce_type']?.toString()).toBe('task.created.v1');
  });

  it.each([
    ['datacontenttype', 'content-type'],
    ['traceparent', 'traceparent'],
    ['tracestate', 'tracestate'],
    ['id', 'ce_id'],
  ])('writes %s as %s and reads it back', (name, header) => {
    const encoded = encodeHeaders({ [name]: 'value' });
    expect(Object.keys(encoded)).toEqual([header]);
    expect(decodeHeaders(Object.entries(encoded))).toEqual({ [name]: 'value' });
  });

  it('keeps every character', () => {
    const headers = { note: 'naïve "quoted" \\ \n ключ 🙂', empty: '' };
    expect(decodeHeaders(Object.entries(encodeHeaders(headers)))).toEqual(headers);
  });

  it("leaves out what is none of CloudEvents' and what has no value", () => {
    expect(
      decodeHeaders([...raw({ __proto: 'x', kafka_foreign: 'y', ce_id: '1' }), ['ce_none', null]]),
    ).toEqual({
      id: '1',
    });
  });

  it('reads a record under the name of the topic without its prefix', () => {
    expect(decodeRecord('task.events', record)).toEqual({
      topic: 'task.events',
      partition: 3,
      key: 'owner',
      headers: { id: '1', type: 'task.created.v1' },
      body: Buffer.from('{}'),
      position: '12',
    });
  });

  it('reads a record of a foreign publisher without key, value or headers', () => {
    const bare = decodeRecord('t', { ...record, key: null, value: null, headers: [] });
    expect(bare).toMatchObject({ key: '', headers: {}, body: Buffer.alloc(0) });
  });

  it('never counts a message as smaller than it is in a record batch', () => {
    const headers = { id: '0'.repeat(36), type: 'task.created.v1' };
    const body = Buffer.alloc(500);
    const message = { topic: 't', partition: 0, key: 'ключ', headers, body };
    const plain = Object.entries(encodeHeaders(headers)).reduce((n, [k, v]) => n + k.length + v.length, 0);
    expect(bytesOf(message)).toBeGreaterThan(plain + Buffer.byteLength('ключ') + 500 + 61);
    expect(bytesOf({ ...message, body: Buffer.alloc(501) })).toBe(bytesOf(message) + 1);
  });
});
