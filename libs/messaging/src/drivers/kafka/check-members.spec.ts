import { expect, it } from '@jest/globals';
import { kafkaBrokers } from '@taskwire/testing';
import { Kafka, logLevel } from 'kafkajs';
import { Recorder } from '../../../testing/driver/recorder.js';
import { topologyOf } from './kafka.fixture.js';
import { until, withKafka } from './with-kafka.fixture.js';

await withKafka('members of our groups on Kafka', 10, (broker) => {
  it('are fine while all are ours, and none when the group is new', async () => {
    const driver = await broker().start('ours', ['ours']);
    await driver.subscribe('ours', ['ours'], new Recorder().deliver());
    await until('its member', async () => (await driver.groups()).some(({ members }) => members === 1));
    expect(await driver.check(topologyOf('ours', ['ours', 'new']))).toEqual([]);
  });

  it('are warned of when they are somebody else', async () => {
    const driver = await broker().start('shared', ['shared']);
    const kafka = new Kafka({ clientId: 'billing', brokers: kafkaBrokers, logLevel: logLevel.NOTHING });
    const stranger = kafka.consumer({ groupId: broker().names.group('shared') });
    await stranger.connect();
    await stranger.subscribe({ topic: broker().names.topic('shared') });
    await stranger.run({ eachMessage: () => Promise.resolve() });
    try {
      const check = () => driver.check(topologyOf('shared', ['shared']));
      await until('the stranger', async () => (await check()).length > 0);
      expect(await check()).toEqual([
        {
          level: 'warning',
          what: expect.stringMatching(
            /the group .*shared on Kafka has a member .*: billing at 127\.0\.0\.1$/,
          ),
          why: expect.stringContaining('the service does not handle'),
          change: expect.stringMatching(/group\.id.*clientId "taskwire"/),
        },
      ]);
    } finally {
      await stranger.disconnect();
    }
  });
});
