import { afterEach, expect, it } from '@jest/globals';
import { connect } from 'amqplib';
import { faultProxy, rabbitmqUrl, until } from '@taskwire/testing';
import { RabbitmqScene } from '../../../testing/rabbitmq/index.js';
import { QueueCheck } from './health.js';
import { describeRabbitmq } from './rabbitmq.fixture.js';

const LIMIT_MS = 30_000;

describeRabbitmq('the check of queues on RabbitMQ', () => {
  const closing: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  /** Declared queues, and a connection that can be made slow. */
  async function begin(topic: string) {
    const scene = await RabbitmqScene.open(rabbitmqUrl);
    await scene.start(scene.topology([topic], ['group'], 4));
    closing.push(() => scene.close());
    const { hostname, port } = new URL(rabbitmqUrl);
    const proxy = await faultProxy({ target: `${hostname}:${port || '5672'}` });
    const model = await connect(proxy.through(rabbitmqUrl));
    model.on('error', () => undefined);
    closing.push(() => proxy.close());
    const queues = [0, 1, 2, 3].map((partition) => ({
      ...{ group: 'group', topic, partition },
      name: scene.names.queue(topic, 'group', partition),
    }));
    return { scene, model, queues, proxy };
  }

  it('is one for all who ask at once', async () => {
    const { model, queues } = await begin('asked');
    let channels = 0;
    const { createChannel } = model;
    model.createChannel = () => {
      channels += 1;
      return createChannel.call(model);
    };
    const check = new QueueCheck();
    const answers = await Promise.all(Array.from({ length: 20 }, () => check.health(model, queues)));
    expect(answers).toEqual(answers.map(() => ({ up: true })));
    expect(channels).toBe(1);
  });

  it(
    'answers what was found last while the broker is slow, and what is so once it has answered',
    async () => {
      const { scene, model, queues, proxy } = await begin('slow');
      const check = new QueueCheck();
      expect(await check.health(model, queues)).toEqual({ up: true });
      await scene.aside((channel) => channel.deleteQueue(queues[2]?.name ?? ''));
      const speak = proxy.add({ type: 'latency', latency: 8_000 });
      const answers: boolean[] = [];
      const began = performance.now();
      // Longer than an answer is kept.
      while (performance.now() - began < 7_000) {
        answers.push((await check.health(model, queues)).up);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(answers).not.toContain(false);
      speak();
      await until('the loss', async () => !(await check.health(model, queues)).up);
      expect((await check.health(model, queues)).detail).toContain(queues[2]?.name);
    },
    LIMIT_MS,
  );
});
