import { ConfigResourceTypes, IncrementalAlterConfigOperationTypes } from '@platformatic/kafka';
import { expect, it } from '@jest/globals';
import { Recorder } from '../../../testing/driver/recorder.js';
import { numbered, sendAll } from '../../../testing/driver/scene.js';
import { topologyOf } from './kafka.fixture.js';
import { KafkaDriver } from './kafka-driver.js';
import { until, withKafka } from './with-kafka.fixture.js';

const PARTITIONS = 8;

await withKafka(
  'the topology on Kafka',
  40,
  (broker) => {
    it('makes topics with their retention, and room for the largest message', async () => {
      await broker().start('made', [], { maxMessageBytes: 2_000_000 });
      const [described] = await broker().admin.describeConfigs({
        resources: [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: broker().names.topic('made') }],
      });
      const configs = new Map(described?.configs.map(({ name, value }) => [name, value]));
      expect(configs.get('retention.ms')).toBe('3600000');
      expect(Number(configs.get('max.message.bytes'))).toBeGreaterThan(2_000_000);
    });

    it('tells how long its topics keep messages now, whatever was declared', async () => {
      const driver = await broker().start('retained');
      const name = broker().names.topic('retained');
      const retention = () => driver.retention(['retained', 'unknown']);
      expect(await retention()).toEqual(new Map([['retained', 3_600_000]]));
      const { SET } = IncrementalAlterConfigOperationTypes;
      const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: name };
      await broker().admin.incrementalAlterConfigs({
        resources: [{ ...resource, configs: [{ name: 'retention.ms', value: '-1', configOperation: SET }] }],
      });
      await until('the change', async () => (await retention()).get('retained') === Infinity);
    });

    it('refuses a topic that has another number of partitions, and says what to do', async () => {
      await broker().admin.createTopics({
        topics: [broker().names.topic('three')],
        partitions: 3,
        replicas: 1,
      });
      const driver = broker().driver();
      await driver.connect();
      await expect(driver.declare(topologyOf('three', [], PARTITIONS))).rejects.toThrow(
        /three has 3 partitions, 8 are declared.*use a new version of the topic/s,
      );
    });

    it('refuses a name that Kafka does not take', async () => {
      const driver = broker().driver();
      await driver.connect();
      await expect(driver.declare(topologyOf('with space', []))).rejects.toThrow("can't be a topic");
    });

    it('keeps the start of a new group though its first instance dies before its first commit', async () => {
      const publisher = await broker().start('started', ['new'], { partitions: PARTITIONS });
      await sendAll(publisher, numbered('started', 16, ['one', 'two', 'three']));
      const victim = await broker().start('started', ['new'], { partitions: PARTITIONS });
      const begun = new Recorder();
      await victim.subscribe(
        'new',
        ['started'],
        begun.deliver(() => new Promise(() => undefined)),
      );
      await until('work in flight', () => begun.calls.length > 0);
      victim.abort();
      const heir = await broker().start('started', ['new'], { partitions: PARTITIONS });
      const recorder = new Recorder();
      await heir.subscribe('new', ['started'], recorder.deliver());
      await until('what was sent before', () => recorder.numbers.length === 16);
    });

    it('does not move the start of a group that is declared again', async () => {
      const driver = await broker().start('again', ['again']);
      await sendAll(
        driver,
        numbered('again', 5, ['one']).map((m) => ({ ...m, partition: 0 })),
      );
      await broker().start('again', ['again']);
      expect(await broker().committed('again', 'again')).toEqual(new Map([[0, 0]]));
    });

    it('starts a group from the earliest message when it says so, and now otherwise', async () => {
      const driver = await broker().start('kept');
      await sendAll(
        driver,
        numbered('kept', 5, ['one']).map((m) => ({ ...m, partition: 0 })),
      );
      const topology = topologyOf('kept', ['late']);
      await driver.declare({ ...topology, groups: [{ name: 'all', topics: ['kept'], from: 'earliest' }] });
      await driver.declare(topology);
      expect(await broker().committed('all', 'kept')).toEqual(new Map([[0, 0]]));
      expect(await broker().committed('late', 'kept')).toEqual(new Map([[0, 5]]));
    });

    it('lets a group that has members read a further topic from its earliest message, and says so', async () => {
      const old = await broker().start('old', ['both']);
      await old.subscribe('both', ['old'], new Recorder().deliver());
      const driver = await broker().start('further');
      await sendAll(
        driver,
        numbered('further', 5, ['one']).map((m) => ({ ...m, partition: 0 })),
      );
      await driver.declare({
        topics: [...topologyOf('old', []).topics, ...topologyOf('further', []).topics],
        groups: [{ name: 'both', topics: ['old', 'further'], from: 'now' }],
      });
      expect(broker().warnings.at(-1)).toMatch(/both has members.*earliest/s);
      const recorder = new Recorder();
      await driver.subscribe('both', ['old', 'further'], recorder.deliver());
      await until('the old messages', () => recorder.numbers.length === 5);
    });

    it('tells in its health which topic is missing, which has changed, and what to do', async () => {
      const driver = await broker().start('watched');
      expect(await driver.health()).toEqual({ up: true });
      const name = broker().names.topic('watched');
      await broker().admin.createPartitions({
        topics: [{ name, count: 2, assignments: [{ brokerIds: [1] }] }],
      });
      await until(
        'the change',
        async () => (await driver.health()).detail?.includes('2 partitions') === true,
      );
      await broker().admin.deleteTopics({ topics: [name] });
      await until('the loss', async () => (await driver.health()).detail?.includes('is missing') === true);
      expect((await driver.health()).detail).toContain(
        `topic ${name} is missing: declare the topology again`,
      );
    });

    it('says when no broker answers, within a time', async () => {
      const driver = new KafkaDriver({ brokers: ['127.0.0.1:1'] });
      await expect(driver.connect()).rejects.toThrow();
      expect(await driver.health()).toMatchObject({
        up: false,
        detail: expect.stringContaining('check that a broker'),
      });
      await driver.close(500);
    });
  },
  ['platformatic'],
);
