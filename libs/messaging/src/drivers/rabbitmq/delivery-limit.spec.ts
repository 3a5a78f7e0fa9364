import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'amqplib';
import { hasRabbitmqManagement, rabbitmqManagementUrl, rabbitmqUrl, until } from '@taskwire/testing';
import { removeTopology, RabbitmqScene } from '../../../testing/rabbitmq/index.js';
import { deliveryLimitProblem } from './delivery-limit.js';
import { readQueuePolicies } from './management.js';
import { settingsOf } from './settings.js';
import { planTopology } from './topology-plan.js';
import { Topics } from './topology.js';

const SLOW_MS = 40_000;

const isThere = await hasRabbitmqManagement();

describe('the delivery limit of a queue that RabbitMQ 3 made', () => {
  it.each([
    [undefined, /limit of 20 deliveries/],
    [20, /delivery-limit of 20/],
    // Some releases of version 4 don't apply it.
    [-1, /delivery-limit of -1/],
  ])('is a problem with a policy of %s', (deliveryLimit, detail) => {
    const problem = deliveryLimitProblem('old', { hasDeliveryLimit: false, isReported: true, deliveryLimit });
    expect(problem?.detail).toMatch(detail);
    expect(problem?.change).toMatch(/rabbitmqctl set_policy .*"delivery-limit": 100000/);
  });

  it('is none with a policy of 100,000', () => {
    expect(
      deliveryLimitProblem('old', { hasDeliveryLimit: false, isReported: true, deliveryLimit: 100_000 }),
    ).toBeUndefined();
  });

  it('is a problem where no policy is known', () => {
    expect(deliveryLimitProblem('old', undefined)?.detail).toContain('old was made by RabbitMQ 3');
  });
});

/** Whatever the broker's version: it compares the argument in all of them. */
(isThere ? describe : describe.skip)('a RabbitMQ that says it is version 4, with queues of version 3', () => {
  let scene: RabbitmqScene;
  const closing: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    scene = await RabbitmqScene.open(rabbitmqUrl, rabbitmqManagementUrl);
  });

  afterAll(async () => {
    for (const close of closing) await close();
    await scene.close();
  });

  async function upgraded(topic: string, managementUrl = rabbitmqManagementUrl) {
    const topology = scene.topology([topic], ['group'], 2);
    // One of the two: the other is made anew, with the argument.
    const queue = scene.names.queue(topic, 'group', 1);
    const args = { 'x-queue-type': 'quorum', 'x-single-active-consumer': true };
    await scene.aside((channel) => channel.assertQueue(queue, { durable: true, arguments: args }));
    const model = await connect(rabbitmqUrl);
    closing.push(async () => {
      await model.close();
      await removeTopology(rabbitmqUrl, scene.prefix, topology);
    });
    model.connection.serverProperties.version = '4.0.0';
    const settings = settingsOf({ url: rabbitmqUrl, managementUrl });
    const topics = new Topics(scene.names, settings);
    return {
      ...{ queue, settings },
      declare: () => topics.declare(model, topology),
      plan: () => planTopology(model, scene.names, topology, settings),
    };
  }

  async function policy(method: 'PUT' | 'DELETE', name: string, definition?: Record<string, number>) {
    const { username, password, pathname } = new URL(rabbitmqUrl);
    const vhost = pathname.slice(1) || '%2F';
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const answer = await fetch(new URL(`api/policies/${vhost}/${name}`, rabbitmqManagementUrl), {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(definition && {
        body: JSON.stringify({
          pattern: `^${scene.prefix.replaceAll('.', '\\.')}`,
          'apply-to': 'queues',
          definition,
        }),
      }),
    });
    expect(answer.ok).toBe(true);
  }

  it(
    'is taken once a policy lifts their limit, and until then refused with what to do',
    async () => {
      const { queue, settings, declare, plan } = await upgraded('lifted');
      await expect(declare()).rejects.toThrow(
        new RegExp(`${queue} was made by RabbitMQ 3.*rabbitmqctl set_policy`),
      );
      expect(await plan()).toContainEqual({
        ...{ kind: 'conflict', what: 'group', name: 'group' },
        detail: expect.stringContaining(queue),
        change: expect.stringContaining('rabbitmqctl set_policy'),
      });

      const name = `${scene.prefix}lifted`;
      await policy('PUT', name, { 'delivery-limit': 100_000 });
      await until(
        'the policy, as the plugin tells it',
        async () => (await readQueuePolicies(settings)).get(queue)?.deliveryLimit === 100_000,
        SLOW_MS,
      );
      await declare();
      expect(await plan()).toEqual([]);
      await policy('DELETE', name);
    },
    2 * SLOW_MS,
  );

  it('is refused where the plugin does not tell, with how to make it', async () => {
    const { declare, plan } = await upgraded('untold', 'http://127.0.0.1:2');
    await expect(declare()).rejects.toThrow(/lifts the delivery limit.*rabbitmq-plugins enable/);
    expect(await plan()).toContainEqual(
      expect.objectContaining({
        kind: 'conflict',
        change: expect.stringContaining('rabbitmq-plugins enable'),
      }),
    );
  });
});
