import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hasKafka, hasKcat, kafkaBrokers, kcat, until } from '@taskwire/testing';
import { CloudEvent, Kafka, type KafkaMessage } from 'cloudevents';
import { Recorder } from '../../../testing/driver/recorder.js';
import { Broker } from './kafka.fixture.js';

const headers = {
  ...{ specversion: '1.0', id: 'e-1', type: 'task.created.v1', source: '/taskwire/task' },
  ...{ time: '2026-01-02T03:04:05.678Z', datacontenttype: 'application/json', partitionkey: 'ann' },
  ...{ sequence: '42', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
};
const { traceparent, datacontenttype, ...attributes } = headers;
const body = Buffer.from(JSON.stringify({ title: 'Tea' }));

/** A record as `kcat -J` prints it. */
interface Printed {
  readonly partition: number;
  readonly key: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly payload: string;
}

const pairsOf = (flat: readonly string[]): Record<string, string> =>
  Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] ?? '']] : [])));

function cloudEventOf({ key, headers: flat, payload }: Printed): CloudEvent {
  const message: KafkaMessage<string> = { key, headers: pairsOf(flat), value: payload, body: payload };
  const event = Kafka.toEvent(message);
  if (Array.isArray(event)) throw new Error('one event was sent');
  return event as CloudEvent;
}

const isThere = hasKafka() && hasKcat();

(isThere ? describe : describe.skip)('somebody who has kcat and the cloudevents package', () => {
  let broker: Broker;
  const brokers = ['-b', kafkaBrokers.join(',')];
  const topic = (name: string): string[] => ['-t', broker.names.topic(name), '-p', '0'];

  beforeAll(async () => {
    broker = await Broker.open(3);
  });

  afterAll(() => broker.close());

  it('reads a topic and finds valid CloudEvents', async () => {
    const driver = await broker.start('read');
    const sent = { topic: 'read', partition: 0, key: 'ann', headers, body };
    expect(await driver.send([sent])).toEqual([undefined]);
    const printed = await kcat([...brokers, ...topic('read'), '-C', '-o', 'beginning', '-e', '-q', '-J']);
    const record = JSON.parse(printed) as Printed;
    const event = cloudEventOf(record);
    expect(event).toMatchObject({ ...attributes, data: { title: 'Tea' } });
    expect(event.datacontenttype).toBe(datacontenttype);
    expect(event.validate()).toBe(true);
    expect(record.key).toBe('ann');
    expect(pairsOf(record.headers)).toMatchObject({ traceparent, 'content-type': 'application/json' });
  });

  it('writes a CloudEvent to a topic, which a group gets with its attributes and key', async () => {
    const driver = await broker.start('written', ['written.group']);
    const recorder = new Recorder();
    await driver.subscribe('written.group', ['written'], recorder.deliver());
    const event = new CloudEvent({ ...attributes, datacontenttype, data: { title: 'Tea' } });
    const message = Kafka.binary(event);
    const named = Object.entries({ ...(message.headers as Record<string, string>), traceparent });
    const given = named.flatMap(([name, value]) => ['-H', `${name}=${value}`]);
    await kcat([...brokers, ...topic('written'), '-P', '-k', 'ann', ...given], JSON.stringify(event.data));
    await until('the message', () => recorder.settled.length === 1);
    const [got] = recorder.settled;
    expect(got).toMatchObject({ topic: 'written', partition: 0, key: 'ann', headers });
    expect(JSON.parse(String(got?.body))).toEqual({ title: 'Tea' });
  });

  it('writes something else, which a group gets too, for whoever handles it to refuse', async () => {
    const driver = await broker.start('odd', ['odd.group']);
    const recorder = new Recorder();
    await driver.subscribe('odd.group', ['odd'], recorder.deliver());
    await kcat([...brokers, ...topic('odd'), '-P', '-H', 'n=1'], 'not JSON');
    await until('the message', () => recorder.settled.length === 1);
    expect(recorder.settled[0]).toMatchObject({ key: '', headers: {}, body: Buffer.from('not JSON') });
  });
});
