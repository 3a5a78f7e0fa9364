import { describe, expect, it } from '@jest/globals';
import { SendError } from '@taskwire/messaging';
import { endSending, sendingOf } from './message.js';

const row = {
  seq: '42',
  topic: 'thing.events',
  partition: 3,
  key: 'k',
  payload: '{"text":"grüße"}',
  headers: {
    id: 'a',
    type: 'thing.happened.v1',
    firstsent: '2020-01-01T00:00:00.000Z',
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  },
  createdAt: new Date('2026-01-02T03:04:05.678Z'),
  held: false,
};

describe('a row on the wire', () => {
  it('has its number, when it was stored, and the bytes that were stored', () => {
    const { message } = sendingOf(row);
    expect(message).toMatchObject({ topic: 'thing.events', partition: 3, key: 'k' });
    expect(message.headers).toMatchObject({ id: 'a', sequence: '42', firstsent: '2026-01-02T03:04:05.678Z' });
    expect(message.body.toString()).toBe(row.payload);
  });

  it('stays in the trace that wrote it', () => {
    const sending = sendingOf(row);
    expect(sending.message.headers['traceparent']).toBe(row.headers.traceparent);
    endSending(sending, new SendError('unknown', 'lost'));
  });
});
