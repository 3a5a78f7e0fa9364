import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { rabbitmqUrl, until } from '@taskwire/testing';
import { Recorder } from '../../../testing/driver/recorder.js';
import { RabbitmqScene } from '../../../testing/rabbitmq/index.js';
import type { OutgoingMessage } from '../../driver.js';
import type { RabbitmqDriver } from './rabbitmq-driver.js';
import { describeRabbitmq, isError, message, sendTexts, upTo } from './rabbitmq.fixture.js';

describeRabbitmq('sending to RabbitMQ', () => {
  let scene: RabbitmqScene;

  beforeAll(async () => {
    scene = await RabbitmqScene.open(rabbitmqUrl);
  });

  afterAll(() => scene.close());

  it('says that a message was not stored when no queue takes it, and goes on', async () => {
    const topology = scene.topology(['deleted'], ['deleted.group']);
    const driver = await scene.start(topology);
    await scene.aside((channel) => channel.deleteQueue(scene.names.queue('deleted', 'deleted.group', 0)));
    const results = await driver.send([message('deleted', 'a', 0), message('deleted', 'b', 1)]);
    expect(results).toMatchObject([{ outcome: 'not-stored', permanent: false }, undefined]);
    expect(results[0]?.message).toMatch(/no queue takes partition 0 of deleted.*declare the topology again/);
  });

  it('takes a message to a topic that no group reads', async () => {
    const driver = await scene.start(scene.topology(['unread']));
    expect(await driver.send([message('unread', 'x')])).toEqual([undefined]);
  });

  it('says that a message was not stored when a full queue refuses it, and keeps the prefix', async () => {
    const topology = scene.topology(['full'], ['full.group'], 1);
    const driver = await scene.start(topology);
    const layout = { 'x-max-length': 1, 'x-overflow': 'reject-publish' };
    await scene.aside(async (channel) => {
      const { queue } = await channel.assertQueue(`${scene.prefix}narrow`, {
        durable: false,
        arguments: layout,
      });
      await channel.bindQueue(queue, scene.names.exchange('full'), '0');
    });
    const results = await driver.send(upTo(50).map((text) => message('full', text)));
    await scene.aside((channel) => channel.deleteQueue(`${scene.prefix}narrow`));
    const first = results.findIndex(isError);
    expect(first).toBeGreaterThan(0);
    expect(results[first]).toMatchObject({ outcome: 'not-stored' });
    expect(results[first]?.message).toContain('full');
    expect(results.slice(first).every(isError)).toBe(true);
  });

  it('comes back by itself after the broker closed its channel, and says why', async () => {
    const topology = scene.topology(['gone'], ['gone.group']);
    const driver = await scene.start(topology);
    await scene.aside((channel) => channel.deleteExchange(scene.names.exchange('gone')));
    const [error] = await driver.send([message('gone', 'x')]);
    expect(error?.outcome).toBe('unknown');
    expect(error?.message).toMatch(/NOT_FOUND.*declare the topology again/s);
    await driver.declare(topology);
    await until(
      'a send that works',
      async () => (await driver.send([message('gone', 'y')]))[0] === undefined,
    );
    expect(await driver.health()).toEqual({ up: true });
  });

  it('refuses for good what is too large, and sends the rest', async () => {
    const driver = await scene.start(scene.topology(['large']), { maxMessageBytes: 1_000 });
    const results = await driver.send([
      message('large', 'x'.repeat(1_001), 0),
      message('large', 'x', 0, { note: 'x'.repeat(200_000) }),
      message('large', 'x'.repeat(1_000), 1),
    ]);
    expect(results).toMatchObject([
      { outcome: 'not-stored', permanent: true },
      { outcome: 'not-stored' },
      undefined,
    ]);
    expect(results[0]?.message).toContain('1001 bytes, at most 1000');
    const [headers] = await driver.send([message('large', 'x', 0, { note: 'x'.repeat(200_000) })]);
    expect(headers).toMatchObject({ outcome: 'not-stored', permanent: true });
    expect(headers?.message).toContain('headers');
  });

  it('takes headers as large as it says, and refuses for good what is a little larger', async () => {
    const driver = await scene.start(scene.topology(['headers'], ['headers.group'], 1));
    const [largest, larger] = [61_400, 61_500].map((size) =>
      message('headers', 'x', 0, { note: 'x'.repeat(size) }),
    );
    expect(await driver.send(largest ? [largest] : [])).toEqual([undefined]);
    expect(await driver.send(larger ? [larger] : [])).toMatchObject([
      { outcome: 'not-stored', permanent: true },
    ]);
  });

  it('refuses quickly and keeps nothing while there is no connection, and sends again afterwards', async () => {
    const driver = await scene.start(scene.topology(['away'], ['away.group']));
    scene.cut(driver, 'publish');
    const early = await Promise.all(upTo(500).map((text) => driver.send([message('away', text)])));
    expect(early.flat().some((error) => error?.outcome === 'not-stored')).toBe(true);
    await until(
      'a send that works',
      async () => (await driver.send([message('away', 'end')]))[0] === undefined,
    );
    const stored = early.flat().filter((error) => error === undefined).length;
    const maybe = early.flat().filter((error) => error?.outcome === 'unknown').length;
    await until('what was stored', async () => {
      const count = (await driver.lag())[0]?.messages ?? 0;
      return count >= stored + 1 && count <= stored + maybe + 1;
    });
  });

  it('sends no more than 2,000 of a partition that are unconfirmed; what waits keeps its order', async () => {
    const driver = await scene.start(scene.topology(['bound'], ['bound.group'], 1));
    const recorder = new Recorder();
    await driver.subscribe('bound.group', ['bound'], recorder.deliver());
    const done: number[] = [];
    const sends = upTo(30).map(async (_, i) => {
      const results = await driver.send(upTo(1_000, i * 1_000).map((text) => message('bound', text)));
      expect(results.filter(isError)).toEqual([]);
      done.push(i);
    });
    await Promise.all(sends);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    await until('all', () => recorder.settled.length === 30_000, 20_000);
    expect(recorder.texts).toEqual(upTo(30_000));
  });

  it('keeps the order over cuts: nothing is lost, and repeats are of unknown outcome alone', async () => {
    const topology = scene.topology(['cuts'], ['cuts.group'], 2);
    const [sender, reader] = [await scene.start(topology), await scene.start(topology)];
    const recorder = new Recorder();
    await reader.subscribe('cuts.group', ['cuts'], recorder.deliver());
    const repeatable = new Set<string>();
    let sent = 0;
    let cuts = 0;
    const cutting = setInterval(() => {
      cuts += 1;
      scene.cut(sender, 'publish');
    }, 120);
    try {
      while (cuts < 8) {
        const texts = upTo(300, sent);
        await untilConfirmed(
          sender,
          texts.map((text, i) => message('cuts', text, i % 2)),
          repeatable,
        );
        sent += texts.length;
      }
    } finally {
      clearInterval(cutting);
    }
    await until('all', () => recorder.numbers.length === sent, 20_000);
    for (const partition of [0, 1]) {
      const firsts = new Set(
        recorder.settled.filter((m) => m.partition === partition).map((m) => m.body.toString()),
      );
      expect([...firsts]).toEqual(upTo(sent).filter((text) => Number(text) % 2 === partition));
    }
    const counts = new Map<string, number>();
    for (const text of recorder.texts) counts.set(text, (counts.get(text) ?? 0) + 1);
    const repeated = [...counts].filter(([, count]) => count > 1).map(([text]) => text);
    expect(repeated.filter((text) => !repeatable.has(text))).toEqual([]);
  });

  it('settles what waits for room when it closes', async () => {
    const driver = await scene.start(scene.topology(['closing'], ['closing.group'], 1));
    const sends = upTo(30).map(() => driver.send(upTo(1_000).map((text) => message('closing', text))));
    await driver.close(5_000);
    const results = (await Promise.all(sends)).flat();
    expect(results).toHaveLength(30_000);
    expect(results.filter((error) => error?.outcome === 'unknown')).toEqual([]);
    await expect(sendTexts(driver, 'closing', ['late'])).rejects.toThrow('closed');
  });
});

/** As a relay does: sends again, in order, what was not confirmed. */
async function untilConfirmed(
  driver: RabbitmqDriver,
  messages: readonly OutgoingMessage[],
  repeatable: Set<string>,
): Promise<void> {
  let open = messages;
  await until('confirmation', async () => {
    const results = await driver.send(open);
    open.forEach((m, i) => {
      if (results[i]?.outcome === 'unknown') repeatable.add(m.body.toString());
    });
    open = open.filter((_, i) => results[i] !== undefined);
    return open.length === 0;
  });
}
