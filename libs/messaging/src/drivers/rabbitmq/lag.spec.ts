import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { rabbitmqUrl, until } from '@taskwire/testing';
import { Gate, Recorder } from '../../../testing/driver/recorder.js';
import { RabbitmqScene } from '../../../testing/rabbitmq/index.js';
import type { RabbitmqDriver } from './rabbitmq-driver.js';
import { describeRabbitmq, message, sendTexts, upTo } from './rabbitmq.fixture.js';

describeRabbitmq('lag and health of RabbitMQ', () => {
  let scene: RabbitmqScene;

  beforeAll(async () => {
    scene = await RabbitmqScene.open(rabbitmqUrl);
  });

  afterAll(() => scene.close());

  const lagOf = async (driver: RabbitmqDriver) => (await driver.lag())[0];

  it('counts what waits and what is unacknowledged here', async () => {
    const driver = await scene.start(scene.topology(['counted'], ['counted.group'], 1));
    await sendTexts(driver, 'counted', upTo(30));
    await until('30 waiting', async () => (await lagOf(driver))?.messages === 30);
    const [recorder, gate] = [new Recorder(), new Gate()];
    await driver.subscribe('counted.group', ['counted'], recorder.deliver(gate.passed), { batchSize: 5 });
    await until('a running call', () => recorder.calls.length === 1);
    await until('still 30', async () => (await lagOf(driver))?.messages === 30);
    expect((await lagOf(driver))?.oldestAgeMs).toBeGreaterThan(0);
    gate.open();
    await until('none', async () => (await lagOf(driver))?.messages === 0);
    expect((await lagOf(driver))?.oldestAgeMs).toBe(0);
  });

  it('shows a queue that nobody reads to grow older', async () => {
    const driver = await scene.start(scene.topology(['alone'], ['alone.group'], 1));
    await sendTexts(driver, 'alone', ['x']);
    const first = await until('the message', async () => {
      const lag = await lagOf(driver);
      return lag?.messages === 1 && lag;
    });
    await until(
      'a greater age',
      async () => ((await lagOf(driver))?.oldestAgeMs ?? 0) > first.oldestAgeMs + 50,
    );
    const recorder = new Recorder();
    await driver.subscribe('alone.group', ['alone'], recorder.deliver());
    await until('its end', async () => (await lagOf(driver))?.messages === 0);
    expect((await lagOf(driver))?.oldestAgeMs).toBe(0);
  });

  it('knows no age of a foreign message, but counts it', async () => {
    const driver = await scene.start(scene.topology(['foreign'], ['foreign.group'], 1));
    const [recorder, gate] = [new Recorder(), new Gate()];
    await driver.subscribe('foreign.group', ['foreign'], recorder.deliver(gate.passed));
    await scene.aside(async (channel) => {
      channel.publish(scene.names.exchange('foreign'), '0', Buffer.from('x'));
      await channel.checkExchange(scene.names.exchange('foreign'));
    });
    await until('the message', () => recorder.calls.length === 1);
    expect(await lagOf(driver)).toMatchObject({ messages: 1, oldestAgeMs: 0 });
    gate.open();
  });

  it('rejects when a queue is missing, naming it', async () => {
    const driver = await scene.start(scene.topology(['holed'], ['holed.group'], 2));
    const queue = scene.names.queue('holed', 'holed.group', 1);
    await scene.aside((channel) => channel.deleteQueue(queue));
    await expect(driver.lag()).rejects.toThrow(queue);
  });

  it('says which queue is missing and what to do, although sending to it works by another group', async () => {
    const topology = scene.topology(['seen'], ['seen.one', 'seen.two'], 1);
    const driver = await scene.start(topology);
    expect(await driver.health()).toEqual({ up: true });
    const queue = scene.names.queue('seen', 'seen.two', 0);
    await scene.aside((channel) => channel.deleteQueue(queue));
    expect(await driver.send([message('seen', 'x')])).toEqual([undefined]);
    const detail = await until('word of it', async () => (await driver.health()).detail);
    expect(detail).toContain(queue);
    expect(detail).toContain('declare the topology again');
    await driver.declare(topology);
    await until('health', async () => (await driver.health()).up);
  });

  it('is not healthy without connections, and is again by itself', async () => {
    const driver = scene.driver();
    expect(await driver.health()).toMatchObject({ up: false });
    await driver.connect();
    expect(await driver.health()).toEqual({ up: true });
    scene.cut(driver, 'publish');
    const detail = await until('the loss', async () => (await driver.health()).detail);
    expect(detail).toContain('check that it runs');
    await until('health', async () => (await driver.health()).up);
    await driver.close();
    expect(await driver.health()).toMatchObject({ up: false });
  });
});
