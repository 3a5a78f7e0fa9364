import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect } from 'amqplib';
import { rabbitmqUrl, until } from '@taskwire/testing';
import { Gate, Recorder } from '../../../testing/driver/recorder.js';
import { RabbitmqScene } from '../../../testing/rabbitmq/index.js';
import { Delivery } from '../../delivery/delivery.js';
import { Lease } from './lease.js';
import { describeRabbitmq, message, sendTexts, upTo } from './rabbitmq.fixture.js';

describeRabbitmq('a group on RabbitMQ', () => {
  let scene: RabbitmqScene;

  beforeAll(async () => {
    scene = await RabbitmqScene.open(rabbitmqUrl);
  });

  afterAll(() => scene.close());

  it('comes back when its queue is deleted and declared again, without a storm of attempts', async () => {
    const topology = scene.topology(['deleted'], ['deleted.group'], 1);
    const driver = await scene.start(topology);
    const recorder = new Recorder();
    const consumer = await driver.subscribe('deleted.group', ['deleted'], recorder.deliver());
    await sendTexts(driver, 'deleted', ['before']);
    await until('the first', () => recorder.settled.length === 1);
    const queue = scene.names.queue('deleted', 'deleted.group', 0);
    await scene.aside((channel) => channel.deleteQueue(queue));
    const tries = () => scene.warnings.filter((text) => text.includes(queue));
    await until('the second attempt', () => tries().length >= 2);
    expect(tries()[0]).toContain('declare the topology again');
    expect(consumer.partitions().size).toBe(0);
    await driver.declare(topology);
    await sendTexts(driver, 'deleted', ['after']);
    await until('the second', () => recorder.settled.length === 2);
    expect(recorder.texts).toEqual(['before', 'after']);
  });

  it('waits longer after each failure to read a queue', async () => {
    const driver = await scene.start(scene.topology(['longer'], ['longer.group'], 1));
    const queue = scene.names.queue('longer', 'longer.group', 0);
    await scene.aside((channel) => channel.deleteQueue(queue));
    await driver.subscribe('longer.group', ['longer'], () => Promise.resolve());
    const at: number[] = [];
    await until('three attempts', () => {
      const count = scene.warnings.filter((text) => text.includes(queue)).length;
      if (count > at.length) at.push(performance.now());
      return at.length === 3;
    });
    const [first = 0, second = 0, third = 0] = at;
    expect(third - second).toBeGreaterThan(second - first);
  });

  it('starts no batch after its event loop stood still for longer than the heartbeat, until the broker answers', async () => {
    const driver = await scene.start(scene.topology(['frozen'], ['frozen.group'], 1), {
      heartbeatSeconds: 1,
    });
    const recorder = new Recorder();
    const consumer = await driver.subscribe('frozen.group', ['frozen'], recorder.deliver());
    consumer.pause();
    await sendTexts(driver, 'frozen', upTo(10));
    await until('the messages here', async () => {
      const { messageCount } = await scene.aside((channel) =>
        channel.checkQueue(scene.names.queue('frozen', 'frozen.group', 0)),
      );
      return messageCount === 0 && (await driver.lag())[0]?.messages === 10;
    });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_300);
    consumer.resume();
    for (let i = 0; i < 20; i += 1) await Promise.resolve();
    expect(recorder.calls).toEqual([]);
    await until('all', () => recorder.settled.length === 10);
    expect(recorder.texts).toEqual(upTo(10));
  });

  it('starts its batch at once when it was not frozen', async () => {
    const driver = await scene.start(scene.topology(['awake'], ['awake.group'], 1), { heartbeatSeconds: 1 });
    const recorder = new Recorder();
    const consumer = await driver.subscribe('awake.group', ['awake'], recorder.deliver());
    consumer.pause();
    await sendTexts(driver, 'awake', upTo(10));
    await until('the messages here', async () => {
      const { messageCount } = await scene.aside((channel) =>
        channel.checkQueue(scene.names.queue('awake', 'awake.group', 0)),
      );
      return messageCount === 0;
    });
    consumer.resume();
    for (let i = 0; i < 20; i += 1) await Promise.resolve();
    expect(recorder.calls).toHaveLength(1);
  });

  it('leaves no consumer behind when a partition is given up while it is being taken', async () => {
    await scene.start(scene.topology(['fleeting'], ['fleeting.group'], 1));
    const queue = scene.names.queue('fleeting', 'fleeting.group', 0);
    const model = await connect(scene.url);
    const lease = new Lease('fleeting', 0, new Delivery(() => Promise.resolve()));
    const opening = lease.open(model, queue, scene.names.newConsumerTag(), () => undefined);
    await Promise.all([opening, lease.release()]);
    const consumers = await scene.aside((channel) => channel.checkQueue(queue));
    expect(consumers.consumerCount).toBe(0);
    await model.close();
  });

  it('delivers again, in order, what was running when its connection was lost, and acknowledges it once', async () => {
    const topology = scene.topology(['running'], ['running.group'], 1);
    const [driver, sender] = [await scene.start(topology), await scene.start(topology)];
    const [recorder, gate] = [new Recorder(), new Gate()];
    let calls = 0;
    const deliver = recorder.deliver(() =>
      (calls += 1) === 1 ? gate.passed().then(() => undefined) : undefined,
    );
    await driver.subscribe('running.group', ['running'], deliver, { batchSize: 5 });
    await sendTexts(sender, 'running', upTo(12));
    await until('a running call', () => recorder.calls.length === 1);
    const first = recorder.calls[0]?.length ?? 0;
    scene.cut(driver);
    await until('health', async () => (await driver.health()).up);
    gate.open();
    await until('all', () => recorder.settled.length === 12 + first);
    expect(recorder.overlaps).toEqual([]);
    expect(recorder.texts.slice(first)).toEqual(upTo(12));
    await until('no lag', async () => (await driver.lag())[0]?.messages === 0);
  });

  it('may be closed while it has no connection, and while it joins', async () => {
    const driver = await scene.start(scene.topology(['leaving'], ['leaving.group'], 1));
    const consumer = await driver.subscribe('leaving.group', ['leaving'], () => Promise.resolve());
    scene.cut(driver);
    await consumer.close();
    await until('health', async () => (await driver.health()).up);
    const again = await driver.subscribe('leaving.group', ['leaving'], () => Promise.resolve());
    scene.cut(driver);
    await until('a new connection', async () => (await driver.health()).up);
    await again.close();
    const { consumerCount } = await scene.aside((channel) =>
      channel.checkQueue(scene.names.queue('leaving', 'leaving.group', 0)),
    );
    expect(consumerCount).toBe(0);
  });

  it('takes over from an instance that said goodbye without waiting for a probe', async () => {
    const topology = scene.topology(['bye'], ['bye.group'], 2);
    const [leaving, staying] = [await scene.start(topology), await scene.start(topology)];
    const recorder = new Recorder();
    const first = await leaving.subscribe('bye.group', ['bye'], recorder.deliver());
    const second = await staying.subscribe('bye.group', ['bye'], recorder.deliver());
    const held = (consumer: typeof first) => consumer.partitions().get('bye')?.length ?? 0;
    await until('even shares', () => held(first) === 1 && held(second) === 1);
    await first.close();
    await until('both', () => held(second) === 2);
    await staying.send([message('bye', 'a', 0), message('bye', 'b', 1)]);
    await until('both messages', () => recorder.settled.length === 2);
  });

  it('keeps the order when instances die that take batches of another size', async () => {
    const topology = scene.topology(['sizes'], ['sizes.group'], 1);
    const sender = await scene.start(topology);
    await sendTexts(sender, 'sizes', upTo(400));
    for (const batchSize of [200, 10]) {
      const dying = await scene.start(topology);
      let batches = 0;
      const forever = new Promise<void>(() => undefined);
      const deliver = () => {
        batches += 1;
        return forever;
      };
      await dying.subscribe('sizes.group', ['sizes'], deliver, { batchSize });
      await until('a batch that never ends', () => batches > 0);
      dying.abort();
    }
    const recorder = new Recorder();
    await sender.subscribe('sizes.group', ['sizes'], recorder.deliver());
    await until('all', () => recorder.settled.length === 400);
    expect(recorder.texts).toEqual(upTo(400));
  });
});
