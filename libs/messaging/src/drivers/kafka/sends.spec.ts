import { ConfigResourceTypes, IncrementalAlterConfigOperationTypes } from '@platformatic/kafka';
import { expect, it } from '@jest/globals';
import type { OutgoingMessage } from '../../driver.js';
import { Recorder } from '../../../testing/driver/recorder.js';
import { until, withKafka } from './with-kafka.fixture.js';

const message = (topic: string, text: string | Buffer): OutgoingMessage => ({
  topic,
  partition: 0,
  key: 'k',
  headers: { id: '1' },
  body: Buffer.from(text),
});

await withKafka('sends to Kafka', 40, (broker) => {
  it('refuses for good a body that is too large, before anything is sent', async () => {
    const driver = await broker().start('bounded', [], { maxMessageBytes: 1_000 });
    const [fits, large] = await driver.send([
      message('bounded', Buffer.alloc(1_000)),
      message('bounded', Buffer.alloc(1_001)),
    ]);
    expect(fits).toBeUndefined();
    expect(large).toMatchObject({ outcome: 'not-stored', permanent: true });
    expect(large?.message).toContain('1001 bytes, at most 1000');
  });

  it('stores the largest body that is taken, also many of them at once', async () => {
    const driver = await broker().start('large', ['reader']);
    const recorder = new Recorder();
    await driver.subscribe('reader', ['large'], recorder.deliver());
    const large = Array.from({ length: 12 }, () => message('large', Buffer.alloc(1024 ** 2)));
    expect((await driver.send(large)).filter((error) => error !== undefined)).toEqual([]);
    await until('all of them', () => recorder.settled.length === 12);
  });

  it('learns that a topic takes less than it did', async () => {
    const driver = await broker().start('shrunk');
    await broker().admin.incrementalAlterConfigs({
      resources: [
        {
          resourceType: ConfigResourceTypes.TOPIC,
          resourceName: broker().names.topic('shrunk'),
          configs: [
            {
              name: 'max.message.bytes',
              configOperation: IncrementalAlterConfigOperationTypes.SET,
              value: '5000',
            },
          ],
        },
      ],
    });
    await until('a refusal for good', async () => {
      const [error] = await driver.send([message('shrunk', Buffer.alloc(9_000))]);
      return error?.permanent === true;
    });
    expect(await driver.send([message('shrunk', 'small')])).toEqual([undefined]);
  });

  it('tells certainly that nothing was stored when there is no connection', async () => {
    const driver = await broker().start('away', [], { deliveryTimeoutMs: 2_000 });
    const way = broker().way(driver);
    await way.close();
    await until('a clear outcome', async () => {
      const [error] = await driver.send([message('away', 'x')]);
      return error?.outcome === 'not-stored';
    });
    expect(broker().warnings.filter((text) => text.includes('does not answer')).length).toBeLessThanOrEqual(
      1,
    );
    driver.abort();
  });

  it('ends a send whose confirmation stays out as unknown, and sends on when the network thaws', async () => {
    const driver = await broker().start('frozen', [], { deliveryTimeoutMs: 1_000 });
    const way = broker().way(driver);
    way.freeze();
    const [error] = await driver.send([message('frozen', 'x')]);
    expect(error?.outcome).toBe('unknown');
    way.thaw();
    await until('a send that works', async () => {
      const [again] = await driver.send([message('frozen', 'y')]);
      return again === undefined;
    });
  });

  it('writes what a consumer that has never heard of Taskwire can read', async () => {
    const driver = await broker().start('wire', ['reader']);
    const recorder = new Recorder();
    await driver.subscribe('reader', ['wire'], recorder.deliver());
    const headers = {
      id: '1',
      type: 'task.created.v1',
      datacontenttype: 'application/json',
      traceparent: '00-1-2-01',
    };
    await driver.send([{ ...message('wire', '{}'), headers }]);
    const record = await broker().firstRecord('wire');
    expect(record.key).toBe('k');
    expect(record.headers).toEqual({
      ce_id: '1',
      ce_type: 'task.created.v1',
      'content-type': 'application/json',
      traceparent: '00-1-2-01',
    });
    await until('the message', () => recorder.settled.length === 1);
    expect(recorder.settled[0]?.headers).toEqual(headers);
  });
});
