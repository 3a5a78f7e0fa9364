import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CloudEvent, HTTP } from 'cloudevents';
import type { ConsumeMessage } from 'amqplib';
import { rabbitmqUrl, until } from '@taskwire/testing';
import { Recorder } from '../../../testing/driver/recorder.js';
import { RabbitmqScene } from '../../../testing/rabbitmq/index.js';
import { describeRabbitmq } from './rabbitmq.fixture.js';

const headers = {
  ...{ specversion: '1.0', id: 'e-1', type: 'task.created.v1', source: '/taskwire/task' },
  ...{ time: '2026-01-02T03:04:05.678Z', datacontenttype: 'application/json', partitionkey: 'ann' },
  ...{ sequence: '42', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
};

/** Binary mode is the same in HTTP and AMQP but for the prefix. */
function cloudEventOf({ properties, content }: ConsumeMessage) {
  const attributes = Object.entries((properties.headers ?? {}) as Record<string, string>)
    .filter(([name]) => name.startsWith('cloudEvents_') || name === 'traceparent')
    .map(([name, value]) => [name.replace(/^cloudEvents_|^(?=traceparent)/, 'ce-'), value]);
  const contentType = String(properties.contentType);
  return HTTP.toEvent({
    headers: { ...(Object.fromEntries(attributes) as Record<string, string>), 'content-type': contentType },
    body: content.toString(),
  });
}

describeRabbitmq('somebody who has never heard of Taskwire', () => {
  let scene: RabbitmqScene;

  beforeAll(async () => {
    scene = await RabbitmqScene.open(rabbitmqUrl);
  });

  afterAll(() => scene.close());

  it('reads a topic by a queue of its own and finds valid CloudEvents', async () => {
    const driver = await scene.start(scene.topology(['read'], ['read.group'], 1));
    const got = await scene.aside(async (channel) => {
      const { queue } = await channel.assertQueue('', { exclusive: true });
      await channel.bindQueue(queue, scene.names.exchange('read'), '0');
      const body = Buffer.from(JSON.stringify({ title: 'Tea' }));
      expect(await driver.send([{ topic: 'read', partition: 0, key: 'ann', headers, body }])).toEqual([
        undefined,
      ]);
      return until('the message', () => channel.get(queue, { noAck: true }));
    });
    const event = cloudEventOf(got as unknown as ConsumeMessage);
    if (Array.isArray(event)) throw new Error('one event was sent');
    const { datacontenttype, ...attributes } = headers;
    expect(event).toMatchObject({ ...attributes, data: { title: 'Tea' } });
    expect(event.datacontenttype).toBe(datacontenttype);
    expect((event as CloudEvent).validate()).toBe(true);
    expect(got.properties).toMatchObject({
      messageId: 'e-1',
      contentType: 'application/json',
      deliveryMode: 2,
    });
  });

  it('writes a CloudEvent to a topic, which a group gets with its attributes and key', async () => {
    const driver = await scene.start(scene.topology(['written'], ['written.group'], 1));
    const recorder = new Recorder();
    await driver.subscribe('written.group', ['written'], recorder.deliver());
    const event = new CloudEvent({ ...headers, data: { title: 'Tea' } });
    const { traceparent, ...attributes } = headers;
    const prefixed = Object.entries(attributes).map(([name, value]) => [`cloudEvents_${name}`, value]);
    await scene.aside(async (channel) => {
      const body = Buffer.from(JSON.stringify(event.data));
      channel.publish(scene.names.exchange('written'), '0', body, {
        headers: { ...(Object.fromEntries(prefixed) as Record<string, string>), traceparent },
      });
      await channel.checkExchange(scene.names.exchange('written'));
    });
    await until('the message', () => recorder.settled.length === 1);
    const [message] = recorder.settled;
    expect(message).toMatchObject({ topic: 'written', partition: 0, key: 'ann', headers });
    expect(JSON.parse(String(message?.body))).toEqual({ title: 'Tea' });
  });

  it('writes something else, which a group gets too, for whoever handles it to refuse', async () => {
    const driver = await scene.start(scene.topology(['odd'], ['odd.group'], 1));
    const recorder = new Recorder();
    await driver.subscribe('odd.group', ['odd'], recorder.deliver());
    await scene.aside(async (channel) => {
      channel.publish(scene.names.exchange('odd'), '0', Buffer.from([255, 0]), { headers: { n: 1 } });
      await channel.checkExchange(scene.names.exchange('odd'));
    });
    await until('the message', () => recorder.settled.length === 1);
    expect(recorder.settled[0]).toMatchObject({ key: '', headers: {}, body: Buffer.from([255, 0]) });
  });
});
