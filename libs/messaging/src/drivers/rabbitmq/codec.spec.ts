import { describe, expect, it } from '@jest/globals';
import type { ConsumeMessage, Options } from 'amqplib';
import type { OutgoingMessage } from '../../driver.js';
import { decodeHeaders, decodeMessage, encodeHeaders, encodeMessage, sentOf } from './codec.js';

const SENT = 1_790_000_000_123_456;
const message: OutgoingMessage = {
  ...{ topic: 'task.events', partition: 3, key: 'ann', body: Buffer.from([0, 1, 255]) },
  headers: {
    ...{ specversion: '1.0', id: 'e1', type: 'task.created.v1', source: '/task', partitionkey: 'ann' },
    ...{ datacontenttype: 'application/json', traceparent: '00-a-b-01', tracestate: 'x=1', note: 'ключ' },
  },
};

/** What the broker delivers of what was published. */
function arrived(properties: Options.Publish, content: Buffer): ConsumeMessage {
  const fields = { exchange: 'task.events', routingKey: '3', deliveryTag: 1, redelivered: false };
  return { fields, properties, content } as unknown as ConsumeMessage;
}

const roundTrip = (sent: OutgoingMessage) =>
  decodeMessage(sent.topic, sent.partition, arrived(encodeMessage(sent, SENT), sent.body));

describe('encodeMessage and decodeMessage', () => {
  it('bring back key, headers and bytes, and a position from when it was sent', () => {
    expect(roundTrip(message)).toEqual({ ...message, position: String(SENT) });
  });

  it.each([
    ['another key than partitionkey', { ...message, key: 'bob' }],
    ['a key without partitionkey', { ...message, headers: { id: 'e2' } }],
    ['an empty key beside a partitionkey', { ...message, key: '' }],
    ['no headers and no body', { ...message, headers: {}, body: Buffer.alloc(0) }],
  ])('bring back %s', (_, sent) => {
    expect(roundTrip(sent)).toEqual({ ...sent, position: String(SENT) });
  });

  it('names the key only where partitionkey does not', () => {
    expect(encodeMessage(message, SENT).headers).not.toHaveProperty('taskwire-key');
    expect(encodeMessage({ ...message, key: 'bob' }, SENT).headers).toHaveProperty('taskwire-key', 'bob');
  });

  it('writes CloudEvents attributes with the prefix of the AMQP binding, trace context without', () => {
    expect(encodeMessage(message, SENT).headers).toMatchObject({
      ...{ cloudEvents_specversion: '1.0', cloudEvents_id: 'e1', cloudEvents_type: 'task.created.v1' },
      ...{ cloudEvents_source: '/task', traceparent: '00-a-b-01', tracestate: 'x=1' },
    });
  });

  it('fills the properties that tools show', () => {
    expect(encodeMessage(message, SENT)).toMatchObject({
      ...{ persistent: true, messageId: 'e1', contentType: 'application/json' },
      timestamp: Math.floor(SENT / 1_000_000),
    });
  });

  it.each([
    ['x'.repeat(255), true],
    ['x'.repeat(256), false],
    ['ж'.repeat(127), true],
    ['ж'.repeat(128), false],
  ])(
    'leaves out of the properties what is too long for a short string, but not of the headers',
    (id, fits) => {
      const sent = { ...message, headers: { ...message.headers, id, datacontenttype: id } };
      const properties = encodeMessage(sent, SENT);
      expect(properties.messageId).toBe(fits ? id : undefined);
      expect(properties.contentType).toBe(fits ? id : undefined);
      expect(roundTrip(sent).headers).toEqual(sent.headers);
    },
  );

  it('knows a returned message again', () => {
    expect(sentOf(arrived(encodeMessage(message, SENT), message.body))).toBe(String(SENT));
  });
});

describe('decodeMessage of a foreign message', () => {
  const foreign = (headers: Record<string, unknown> | undefined, body = 'x') =>
    decodeMessage('t', 0, arrived({ headers }, Buffer.from(body)));

  it('takes one without headers', () => {
    expect(foreign(undefined)).toMatchObject({ key: '', headers: {}, body: Buffer.from('x') });
  });

  it('takes the key from partitionkey', () => {
    expect(foreign({ cloudEvents_partitionkey: 'ann' }).key).toBe('ann');
  });

  it('leaves out what is no text and what is no attribute', () => {
    const headers = { cloudEvents_id: 'e1', cloudEvents_sequence: 7, 'x-death': [{}], other: 'text' };
    expect(foreign(headers).headers).toEqual({ id: 'e1' });
  });

  it('is no fool of a key or a time of another type', () => {
    expect(foreign({ 'taskwire-key': 1, 'taskwire-sent': 2 })).toMatchObject({ key: '' });
  });

  it('gives a position that is the same at each delivery and differs between messages', () => {
    const [first, again] = [foreign({ a: 'b' }), foreign({ a: 'b' })];
    expect(first.position).toMatch(/^sha256-[0-9a-f]{32}$/);
    expect(again.position).toBe(first.position);
    expect(foreign({ a: 'c' }).position).not.toBe(first.position);
    expect(foreign({ a: 'b' }, 'y').position).not.toBe(first.position);
  });
});

describe('encodeHeaders and decodeHeaders', () => {
  it("bring back a reply's headers", () => {
    const headers = { status: 'done', traceparent: '00-a-b-01', cloudEvents_odd: 'name' };
    expect(decodeHeaders(encodeHeaders(headers))).toEqual(headers);
  });

  it('take none', () => {
    expect(decodeHeaders(undefined)).toEqual({});
  });
});
