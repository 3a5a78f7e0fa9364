import { describe, expect, it } from '@jest/globals';
import { Bus } from '../../bus.js';
import { topicFindings } from './check.js';
import { topologyOf } from './kafka.fixture.js';
import { withKafka } from './with-kafka.fixture.js';

const MIN_INSYNC = 'min.insync.replicas';

await withKafka(
  'copies of messages on Kafka',
  8,
  (broker) => {
    const make = async (name: string, minInsync: string) => {
      const topic = { topics: [broker().names.topic(name)], partitions: 1, replicas: 1 };
      await broker().admin.createTopics({ ...topic, configs: [{ name: MIN_INSYNC, value: minInsync }] });
      return topologyOf(name, []);
    };

    it('are found too few in a topic that confirms what one broker has', async () => {
      const topology = await make('single', '1');
      const strict = broker().driver({ minInsyncReplicas: 2 });
      await strict.connect();

      expect(await strict.check(topology)).toEqual([
        {
          level: 'refused',
          what: `${broker().names.topic('single')} on Kafka: min.insync.replicas is 1, with 1 replica`,
          why: expect.stringContaining('lost'),
          change: expect.stringMatching(/^add replicas up to 3 .* to 2 .*KAFKA_MIN_INSYNC_REPLICAS=1/),
        },
      ]);
    });

    it('are not asked for unless the driver is told to', async () => {
      const topology = await make('enough', '1');
      const driver = broker().driver();
      await driver.connect();

      expect(await driver.check(topology)).toEqual([]);
    });

    it('are found impossible in a topic that wants more than there are', async () => {
      const topology = await make('impossible', '2');
      const driver = broker().driver();
      await driver.connect();

      expect(await driver.check(topology)).toMatchObject([
        { level: 'refused', why: expect.stringContaining('no message is ever taken') },
      ]);
    });

    it('are looked at before topics are made that would take nothing', async () => {
      const driver = broker().driver({ minInsyncReplicas: 2 });
      const bus = new Bus({ driver, topology: topologyOf('new', []) });

      await expect(bus.start()).rejects.toThrow(
        /not started:\n {2}Kafka makes new topics with 1 replica, and 2 must have each message .*default\.replication\.factor=3/,
      );
      expect(await broker().admin.listTopics()).not.toContain(broker().names.topic('new'));
      await bus.close();
    });

    it('do not stop a start on a broker that stands alone, when that is wanted', async () => {
      const bus = new Bus({
        driver: broker().driver({ minInsyncReplicas: 1 }),
        topology: topologyOf('alone', []),
      });
      await bus.start();

      expect(await bus.check()).toEqual([]);
      await bus.close();
    });
  },
  ['platformatic'],
);

describe('copies of a topic', () => {
  it.each([
    [3, 2, 2, []],
    [3, 1, 2, [/^set min\.insync\.replicas to 2/]],
    [1, 1, 1, []],
    [2, 3, 1, [/^set min\.insync\.replicas to 2/]],
  ])('are judged: %i, of which %i confirm and %i should', (replicas, minInsync, wanted, changes) => {
    const found = topicFindings(['t'], { replicas, minInsync }, wanted).map(({ change }) => change);

    expect(found).toEqual(changes.map((change) => expect.stringMatching(change)));
  });
});
