import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { event } from '../contract/message.js';
import { subscription } from '../contract/subscription.js';
import { partitionOf } from '../partition.js';
import { decode } from './decode.js';
import { encodeEvent } from './encode.js';
import { mend, type StoredEvent } from './mend.js';

const payload = z.object({ owner: z.string(), title: z.string().min(1) });
const options = { topic: 'thing.events.v1', key: (p: z.output<typeof payload>) => p.owner, payload };
const Made = event('thing.made.v1', options);
const Renamed = event('thing.renamed.v1', options);
const Elsewhere = event('other.made.v1', { ...options, topic: 'other.events.v1' });
const group = subscription('reader.things', { kind: 'group', events: [Made, Renamed, Elsewhere] });
const contracts = new Map([Made, Renamed, Elsewhere].map((contract) => [contract.type, contract]));
const receiver = {
  contractOf: (type: string) => contracts.get(type),
  carriesCommands: () => false,
  ordered: true,
};

const GOOD = { owner: 'ada', title: 'new' };
const sent = encodeEvent(Made, { owner: 'ada', title: 'old' });
const stored = (changes: Partial<StoredEvent> & { drop?: string } = {}): StoredEvent => {
  const { drop = '', ...rest } = changes;
  const headers = Object.fromEntries(Object.entries(sent.headers).filter(([name]) => name !== drop));
  return {
    id: sent.headers['id'] ?? '',
    topic: sent.topic,
    partition: sent.partition,
    key: 'ada',
    headers,
    ...rest,
  };
};

describe('a stored event with another payload', () => {
  it('is one that its group takes, with its id, key and trace', () => {
    const before = stored();
    const { headers, body } = mend(group, before, GOOD);
    expect(headers).toEqual(before.headers);
    expect(decode(headers, body, receiver)).toMatchObject({
      fault: null,
      message: { id: before.id, key: 'ada', topic: sent.topic, partition: sent.partition, payload: GOOD },
    });
  });

  it('has only what its contract knows', () => {
    const { body } = mend(group, stored(), { ...GOOD, more: 1 });
    expect(JSON.parse(body.toString())).toEqual(GOOD);
  });

  it.each([
    ['no version', { drop: 'specversion' }],
    ['no id', { drop: 'id', id: 'thing.events.v1/3/17' }],
    ['no key', { drop: 'partitionkey', key: null }],
    ['a time that is none', { headers: { ...sent.headers, time: 'noon', firstsent: '' } }],
    ['the version of another time', { headers: { ...sent.headers, specversion: '0.3' } }],
  ])('is repaired where it had %s', (_, changes) => {
    const before = stored(changes);
    const { headers, body } = mend(group, before, GOOD);
    expect(decode(headers, body, receiver)).toMatchObject({
      fault: null,
      message: { id: before.id, key: 'ada' },
    });
    expect(headers['traceparent']).toBe(before.headers['traceparent']);
  });

  it('gets a type where it has none that is handled', () => {
    const { headers, body } = mend(group, stored({ drop: 'type' }), GOOD, Renamed.type);
    expect(decode(headers, body, receiver)).toMatchObject({ fault: null, message: { type: Renamed.type } });
    expect(() => mend(group, stored({ drop: 'type' }), GOOD)).toThrow(
      'reader.things has no handler for "": on this topic it takes thing.made.v1, thing.renamed.v1',
    );
  });

  it('can not become one of another topic', () => {
    expect(() => mend(group, stored(), GOOD, Elsewhere.type)).toThrow(/no handler for "other.made.v1"/);
  });

  it('must fit its contract', () => {
    expect(() => mend(group, stored(), { owner: 'ada', title: '' })).toThrow(z.ZodError);
    expect(() => mend(group, stored(), undefined)).toThrow(z.ZodError);
  });

  it('can not go to another key, whether or not it holds one up', () => {
    const eve = { ...GOOD, owner: 'eve' };
    expect(() => mend(group, stored(), eve)).toThrow('its key must stay "ada", this payload has "eve"');
    expect(() => mend(group, stored({ key: null }), eve)).toThrow(/must stay "ada"/);
  });

  it('whose key is not known must be of the partition that it came by', () => {
    const other = ['b', 'c', 'd', 'e'].find((key) => partitionOf(key, 8) !== sent.partition) ?? '';
    const unknown = stored({ drop: 'partitionkey', key: null });
    expect(() => mend(group, unknown, { ...GOOD, owner: other })).toThrow(/must be one of partition/);
  });
});
