import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hasRabbitmqManagement, rabbitmqManagementUrl, rabbitmqUrl, until } from '@taskwire/testing';
import { RabbitmqScene } from '../../../testing/rabbitmq/index.js';
import { readConsumers } from './management.js';
import { settingsOf } from './settings.js';

const SLOW_MS = 40_000;

const isThere = await hasRabbitmqManagement();

(isThere ? describe : describe.skip)('consumers of our queues on RabbitMQ', () => {
  let scene: RabbitmqScene;

  beforeAll(async () => {
    scene = await RabbitmqScene.open(rabbitmqUrl, rabbitmqManagementUrl);
  });

  afterAll(() => scene.close());

  it('are warned of when they are no instances of their group', async () => {
    const topology = scene.topology(['visited'], ['visited.group'], 2);
    const driver = await scene.start(topology);
    await driver.subscribe('visited.group', ['visited'], () => Promise.resolve());
    const [own, other] = [0, 1].map((partition) => scene.names.queue('visited', 'visited.group', partition));
    const settings = settingsOf({ url: rabbitmqUrl, managementUrl: rabbitmqManagementUrl });
    const consumersOf = async (name = '') =>
      (await readConsumers(settings))?.filter(({ queue }) => queue.name === name).length;

    await scene.aside(async (channel) => {
      await channel.consume(other ?? '', () => undefined);
      // The plugin collects who consumes, and it takes its time.
      await until('both, also at the plugin', async () => (await consumersOf(other)) === 2, SLOW_MS);
      await until('the other', async () => (await consumersOf(own)) === 1, SLOW_MS);
      expect(await driver.check(topology)).toEqual([
        {
          level: 'warning',
          what: expect.stringMatching(
            `^the queue ${String(other)} has a consumer that is no instance .*: user .+ at .+`,
          ),
          why: expect.stringContaining('the service does not handle'),
          change: expect.stringContaining('a queue of its own'),
        },
      ]);
    });
    await until('it to be gone', async () => (await driver.check(topology)).length === 0, SLOW_MS);
  }, 90_000);
});

it('is not asked for where no management plugin answers', async () => {
  const url = 'amqp://guest:guest@127.0.0.1:2';
  expect(await readConsumers(settingsOf({ url }))).toBeUndefined();
});
