import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect } from 'amqplib';
import { faultProxy, rabbitmqUrl, until } from '@taskwire/testing';
import { RabbitmqScene } from '../../../testing/rabbitmq/index.js';
import { BroadcastConsumer } from './broadcast-consumer.js';
import { describeRabbitmq, sendTexts, upTo } from './rabbitmq.fixture.js';
import { settingsOf } from './settings.js';
import { Topics } from './topology.js';

const SLOW_MS = 40_000;

describeRabbitmq('BroadcastConsumer', () => {
  let scene: RabbitmqScene;

  beforeAll(async () => {
    scene = await RabbitmqScene.open(rabbitmqUrl);
  });

  afterAll(() => scene.close());

  /** One whose queue holds few messages, on a connection of its own. */
  async function listen(topic: string, mostWaiting: number) {
    const topology = scene.topology([topic], [], 1);
    const sender = await scene.start(topology);
    const model = await connect(scene.url);
    const topics = new Topics(scene.names, settingsOf({ url: scene.url }));
    await topics.declare(model, topology);
    const heard: string[] = [];
    let resyncs = 0;
    const host = { names: scene.names, topics, left: () => undefined, warn: () => undefined };
    const consumer = new BroadcastConsumer(
      [topic],
      host,
      (m) => heard.push(m.body.toString()),
      () => (resyncs += 1),
      mostWaiting,
    );
    await consumer.attach(model);
    const close = async () => {
      await consumer.close();
      await model.close();
    };
    return { sender, consumer, heard, resyncs: () => resyncs, close };
  }

  it('asks for a resync when its queue was full, though it is empty soon after', async () => {
    const { sender, consumer, heard, resyncs, close } = await listen('gaps', 100);
    expect(resyncs()).toBe(1);
    consumer.pause();
    await sendTexts(sender, 'gaps', upTo(700));
    consumer.resume();
    await until('a resync', () => resyncs() >= 2);
    await sendTexts(sender, 'gaps', ['after']);
    await until('what comes later', () => heard.includes('after'));
    expect(heard.length).toBeLessThan(702);
    await close();
  });

  it('asks for none while nothing was dropped', async () => {
    const { sender, consumer, heard, resyncs, close } = await listen('whole', 1_000);
    consumer.pause();
    await sendTexts(sender, 'whole', upTo(550));
    consumer.resume();
    await until('all', () => heard.length === 550);
    expect(heard).toEqual(upTo(550));
    expect(resyncs()).toBe(1);
    await close();
  });

  it('keeps a bounded number while it is paused; the rest waits on the broker', async () => {
    const { sender, consumer, heard, close } = await listen('paused', 10_000);
    consumer.pause();
    await sendTexts(sender, 'paused', upTo(3_000));
    const waiting = await scene.aside(async (channel) => {
      await channel.checkExchange(scene.names.exchange('paused'));
      return heard.length;
    });
    expect(waiting).toBe(0);
    consumer.resume();
    await until('all', () => heard.length === 3_000);
    expect(heard).toEqual(upTo(3_000));
    await close();
  });

  it('hears nothing more once closed, also when its connection comes again', async () => {
    const { sender, consumer, heard, resyncs, close } = await listen('closed', 100);
    await Promise.all([consumer.close(), consumer.close()]);
    await sendTexts(sender, 'closed', ['x']);
    expect(consumer.partitions().size).toBe(0);
    expect(heard).toEqual([]);
    expect(resyncs()).toBe(1);
    await close();
  });

  it('does not keep groups from coming back when its topic is gone, and comes back with it', async () => {
    const topology = scene.topology(['lone', 'work'], ['work.group'], 1);
    const driver = await scene.start(topology);
    const [heard, worked]: [string[], string[]] = [[], []];
    let resyncs = 0;
    await driver.broadcast(
      ['lone'],
      (m) => heard.push(m.body.toString()),
      () => (resyncs += 1),
    );
    await driver.subscribe('work.group', ['work'], (messages) => {
      worked.push(...messages.map((m) => m.body.toString()));
      return Promise.resolve();
    });
    await scene.aside((channel) => channel.deleteExchange(scene.names.exchange('lone')));
    scene.cut(driver, 'consume');
    await until('a warning', () => scene.warnings.find((text) => text.includes('a broadcast failed')));
    await sendTexts(driver, 'work', ['while it is gone']);
    await until('work', () => worked.length === 1);
    await driver.declare(topology);
    await until('the second resync', () => resyncs >= 2);
    await sendTexts(driver, 'lone', ['again']);
    await until('the broadcast', () => heard.includes('again'));
  });

  it('comes back over a slow link, while the connection serves others', async () => {
    const topology = scene.topology(['wide'], [], 120);
    await scene.start(topology);
    const { hostname, port } = new URL(rabbitmqUrl);
    const proxy = await faultProxy({ target: `${hostname}:${port || '5672'}` });
    const driver = scene.driver({ url: proxy.through(rabbitmqUrl) });
    let resyncs = 0;
    await driver.declare(topology);
    await driver.broadcast(
      ['wide'],
      () => undefined,
      () => (resyncs += 1),
    );
    await proxy.down();
    await proxy.up();
    // Each of its 120 bindings is a question: longer than a connection may take to be set up.
    proxy.add({ type: 'latency', latency: 100 });
    await until('the second resync', () => resyncs === 2, SLOW_MS);
    expect(scene.warnings.filter((text) => text.includes('setting up'))).toEqual([]);
    await driver.close();
    await proxy.close();
  }, 60_000);

  it('refuses a topic that was not declared', async () => {
    const driver = await scene.start(scene.topology([]));
    const listening = driver.broadcast(
      ['nowhere'],
      () => undefined,
      () => undefined,
    );
    await expect(listening).rejects.toThrow('nowhere');
  });
});
