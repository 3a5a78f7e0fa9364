import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { hasRabbitmqManagement, rabbitmqManagementUrl, rabbitmqUrl } from '@taskwire/testing';
import { RabbitmqScene } from '../../../testing/rabbitmq/index.js';
import { Bus } from '../../bus.js';
import { RabbitmqDriver } from './rabbitmq-driver.js';
import { describeRabbitmq, message } from './rabbitmq.fixture.js';

const LIMIT_MS = 10_000;
const isTold = await hasRabbitmqManagement();

describeRabbitmq('the topology on RabbitMQ', () => {
  let scene: RabbitmqScene;

  beforeAll(async () => {
    scene = await RabbitmqScene.open(rabbitmqUrl);
  });

  afterAll(() => scene.close());

  it('makes durable quorum queues with a single active consumer, one for each group and partition', async () => {
    await scene.start(scene.topology(['made'], ['made.group'], 3));
    for (const partition of [0, 1, 2]) {
      const queue = scene.names.queue('made', 'made.group', partition);
      const args = { 'x-queue-type': 'quorum', 'x-single-active-consumer': true };
      const same = await scene.aside((channel) =>
        channel.assertQueue(queue, { durable: true, arguments: args }),
      );
      expect(same).toMatchObject({ queue, messageCount: 0 });
    }
  });

  it(
    'refuses another number of partitions, naming the topic and what to do',
    async () => {
      await scene.start(scene.topology(['counted'], [], 3));
      const other = scene.start(scene.topology(['counted'], [], 5));
      await expect(other).rejects.toThrow(
        /counted\.layout is there with other settings.*a new version of the topic/s,
      );
    },
    LIMIT_MS,
  );

  it(
    'refuses a queue that somebody made with other arguments, naming it and what to do',
    async () => {
      const queue = scene.names.queue('argued', 'argued.group', 1);
      await scene.aside((channel) => channel.assertQueue(queue, { durable: true }));
      const starting = scene.start(scene.topology(['argued'], ['argued.group'], 4));
      await expect(starting).rejects.toThrow(
        new RegExp(`${queue} is there with other settings.*delete it`, 's'),
      );
    },
    LIMIT_MS,
  );

  it(
    'refuses a queue that is not durable, and says what that means',
    async () => {
      const topology = scene.topology(['brief'], ['brief.group'], 1);
      const queue = scene.names.queue('brief', 'brief.group', 0);
      await scene.aside((channel) => channel.assertQueue(queue, { durable: false }));
      const bus = new Bus({ driver: scene.driver(), topology });

      await expect(bus.start()).rejects.toThrow(
        new RegExp(`${queue} is there with other settings \\(not durable: a restart of the broker loses it`),
      );
      expect(await bus.check()).toContainEqual({
        level: 'refused',
        what: expect.stringMatching(/^group brief\.group is not as declared: not durable: .*brief\.group/),
        why: 'no service that declares it can start',
        change: expect.stringContaining('delete it'),
      });
      await bus.close();
    },
    LIMIT_MS,
  );

  it('has nothing wrong once it is declared, and says when a queue is deleted', async () => {
    const topology = scene.topology(['whole'], ['whole.group'], 1);
    const bus = new Bus({ driver: scene.driver(), topology });
    await bus.start();
    expect(await bus.check()).toEqual([]);

    const queue = scene.names.queue('whole', 'whole.group', 0);
    await scene.aside((channel) => channel.deleteQueue(queue));
    expect(await bus.check()).toEqual([
      {
        level: 'refused',
        what: `group whole.group is missing on the broker: queue ${queue}`,
        why: 'what is sent there is stored nowhere',
        change: expect.stringContaining('topology apply'),
      },
    ]);
    await bus.close();
  });

  (isTold ? it : it.skip)(
    'says when a queue is no longer bound, which no send tells, and a declaration binds it again',
    async () => {
      const topology = scene.topology(['loose'], ['loose.group', 'other.group'], 1);
      const driver = await scene.start(topology, { managementUrl: rabbitmqManagementUrl });
      const queue = scene.names.queue('loose', 'loose.group', 0);
      await scene.aside((channel) => channel.unbindQueue(queue, scene.names.exchange('loose'), '0'));
      expect(await driver.send([message('loose', 'not for all')])).toEqual([undefined]);
      expect(await driver.plan(topology)).toEqual([
        {
          ...{ kind: 'missing', what: 'group', name: 'loose.group', detail: `binding of queue ${queue}` },
          change: expect.stringContaining('topology apply'),
        },
      ]);

      await driver.declare(topology);
      expect(await driver.plan(topology)).toEqual([]);
      await driver.send([message('loose', 'for all')]);
      const { messageCount } = await scene.aside((channel) => channel.checkQueue(queue));
      expect(messageCount).toBe(1);
    },
    LIMIT_MS,
  );

  it(
    'refuses an exchange of another type',
    async () => {
      const exchange = scene.names.exchange('typed');
      await scene.aside((channel) => channel.assertExchange(exchange, 'topic'));
      await expect(scene.start(scene.topology(['typed']))).rejects.toThrow(`${exchange} is there`);
    },
    LIMIT_MS,
  );

  it.each([
    ['topic', ['t'.repeat(250)], ['g']],
    ['group', ['t'], ['g'.repeat(240)]],
  ])('refuses a name of a %s that is too long for AMQP, with its length', async (_, topics, groups) => {
    const driver = scene.driver();
    await driver.connect();
    await expect(
      RabbitmqDriver.prototype.declare.call(driver, scene.topology(topics, groups)),
    ).rejects.toThrow(/has \d+ bytes, at most 255.*shorten/);
    await driver.close();
  });

  it('refuses a group that reads a topic which is not there', async () => {
    const driver = await scene.start(scene.topology([]));
    const groups = [{ name: 'lost', topics: ['nowhere'], from: 'now' as const }];
    await expect(driver.declare({ topics: [], groups })).rejects.toThrow('nowhere');
  });

  it('is the same when declared again, and by several at once', async () => {
    const topology = scene.topology(['again'], ['again.group'], 4);
    const drivers = await Promise.all([scene.start(topology), scene.start(topology), scene.start(topology)]);
    await Promise.all(drivers.flatMap((driver) => [driver.declare(topology), driver.declare(topology)]));
    expect(await drivers[0]?.send([message('again', 'x', 3)])).toEqual([undefined]);
  });

  it('goes on with what was declared before when a later declaration fails', async () => {
    const topology = scene.topology(['kept'], ['kept.group'], 2);
    const driver = await scene.start(topology);
    await scene.aside((channel) => channel.assertExchange(scene.names.exchange('odd'), 'topic'));
    const wider = scene.topology(['odd', 'kept'], ['kept.group'], 2);
    await expect(driver.declare({ ...wider, topics: [...wider.topics].reverse() })).rejects.toThrow('odd');
    expect(await driver.send([message('kept', 'x', 1)])).toEqual([undefined]);
    const consumer = await driver.subscribe('kept.group', ['kept'], () => Promise.resolve());
    await consumer.close();
  });

  it('brings back what was deleted', async () => {
    const topology = scene.topology(['back'], ['back.group']);
    const driver = await scene.start(topology);
    await scene.aside((channel) => channel.deleteQueue(scene.names.queue('back', 'back.group', 0)));
    expect(await driver.send([message('back', 'x')])).toMatchObject([{ outcome: 'not-stored' }]);
    await driver.declare(topology);
    expect(await driver.send([message('back', 'x')])).toEqual([undefined]);
  });
});
