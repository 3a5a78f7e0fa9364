import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { until } from '@taskwire/testing';
import { Recorder } from '../../../testing/driver/recorder.js';
import { RabbitmqScene } from '../../../testing/rabbitmq/index.js';
import { describeNode, RabbitmqNode } from './node.fixture.js';
import type { RabbitmqDriver } from './rabbitmq-driver.js';
import { message, sendTexts, upTo } from './rabbitmq.fixture.js';

const PARTITIONS = 4;
const RECOVERY_MS = 15_000;

describeNode('outages of RabbitMQ', () => {
  let node: RabbitmqNode;
  const scenes: RabbitmqScene[] = [];

  beforeAll(async () => {
    node = await RabbitmqNode.start();
  }, 90_000);

  afterEach(async () => {
    await Promise.all(scenes.splice(0).map((scene) => scene.close()));
  }, 30_000);

  afterAll(() => node.wipe(), 60_000);

  async function begin(topic: string, instances: number) {
    const scene = await RabbitmqScene.open(node.url);
    scenes.push(scene);
    const topology = scene.topology([topic], ['group'], PARTITIONS);
    const drivers = await Promise.all(Array.from({ length: instances }, () => scene.start(topology)));
    return { scene, topology, drivers };
  }

  it('short of memory: says so, refuses sends at once, goes on consuming, and recovers by itself', async () => {
    const { drivers } = await begin('memory', 2);
    const [sender, reader] = drivers as [RabbitmqDriver, RabbitmqDriver];
    const recorder = new Recorder();
    const consumer = await reader.subscribe('group', ['memory'], recorder.deliver());
    await sendTexts(sender, 'memory', upTo(10));
    await until('the first', () => recorder.settled.length === 10);
    consumer.pause();
    await sendTexts(sender, 'memory', upTo(1_000, 10));
    await node.ctl('set_vm_memory_high_watermark', 'absolute', '1');
    // RabbitMQ tells only those who publish; nobody should have to send in vain for it.
    await until('health', async () => !(await sender.health()).up);
    const began = performance.now();
    const refused = await Promise.all(upTo(2_000).map((text) => sender.send([message('memory', text)])));
    expect(refused.flat().every((error) => error?.outcome === 'not-stored')).toBe(true);
    expect(refused[0]?.[0]?.message).toContain('free memory or disk');
    expect(performance.now() - began).toBeLessThan(5_000);
    expect((await sender.health()).detail).toMatch(/takes no messages.*free memory or disk/);
    consumer.resume();
    await until('what was there before', () => recorder.settled.length >= 1_010);
    await until('acknowledged', async () => (await reader.lag())[0]?.messages === 0);
    await node.ctl('set_vm_memory_high_watermark', '0.6');
    await until('health', async () => (await sender.health()).up, RECOVERY_MS);
    await sendTexts(sender, 'memory', ['last']);
    await until('the last', () => recorder.texts.includes('last'));
    const texts = recorder.texts;
    expect(texts.slice(0, 1_010)).toEqual(upTo(1_010));
    expect(new Set(texts).size).toBe(texts.length);
  }, 60_000);

  it('short of memory: does not let replies pile up, nor keep a topology from being checked', async () => {
    const { drivers, topology } = await begin('blocked', 1);
    const [driver] = drivers as [RabbitmqDriver];
    await sendTexts(driver, 'blocked', ['x']);
    await node.ctl('set_vm_memory_high_watermark', 'absolute', '1');
    await until('the refusal', async () => !(await driver.health()).up);
    await expect(driver.reply('nobody', 'id', {}, Buffer.from('x'))).rejects.toThrow('takes no messages');
    await driver.declare(topology);
    await driver.close(3_000);
    await node.ctl('set_vm_memory_high_watermark', '0.6');
  }, 60_000);

  it('a queue without a leader holds up its partition alone, and until it has one', async () => {
    const { scene, drivers } = await begin('leaderless', 1);
    const [driver] = drivers as [RabbitmqDriver];
    const recorder = new Recorder();
    await driver.subscribe('group', ['leaderless'], recorder.deliver());
    await node.depose(scene.names.queue('leaderless', 'group', 0));
    let held: string | undefined;
    const holding = driver.send([message('leaderless', 'held', 0)]).then(([error]) => {
      held = error?.outcome ?? 'stored';
    });
    const flood = upTo(15).map(() => driver.send(upTo(1_000).map((text) => message('leaderless', text, 0))));
    const sent: string[] = [];
    let sentMeanwhile = 0;
    const passed = () => held !== undefined && sent.length > 100;
    for (let n = 0; !passed(); n += 1) {
      if (held === undefined) sentMeanwhile = n;
      await sendTexts(driver, 'leaderless', [String(n)], 1 + (n % (PARTITIONS - 1)));
      sent.push(String(n));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await holding;
    expect(held).toBe('unknown');
    expect(sentMeanwhile).toBeGreaterThan(20);
    expect((await Promise.all(flood)).flat()).not.toContain(undefined);
    expect(await driver.send([message('leaderless', 'refused', 0)])).toMatchObject([
      { outcome: 'not-stored', message: expect.stringContaining('has no leader') },
    ]);

    await node.elect();
    await until(
      'the partition again',
      async () => (await driver.send([message('leaderless', 'after', 0)]))[0] === undefined,
      RECOVERY_MS,
    );
    await until('all of the others', () => sent.every((text) => recorder.texts.includes(text)));
    await until('what came after', () => recorder.texts.includes('after'), RECOVERY_MS);
    expect(recorder.texts).not.toContain('refused');
  }, 60_000);

  it('a partition whose queue has no leader is not claimed, and health names the queue until it has one', async () => {
    const { scene, drivers } = await begin('unled', 1);
    const [driver] = drivers as [RabbitmqDriver];
    const queue = scene.names.queue('unled', 'group', 0);
    await node.depose(queue);
    const recorder = new Recorder();
    const consumer = await driver.subscribe('group', ['unled'], recorder.deliver());
    const held = () => [...(consumer.partitions().get('unled') ?? [])].sort();
    await until('the others', () => held().length >= PARTITIONS - 1);
    const detail = await until('what is wrong', async () => {
      const { up, detail: text } = await driver.health();
      return !up && text;
    });
    expect(detail).toContain(`${queue} has no leader`);
    expect(held()).toEqual([1, 2, 3]);

    await node.elect();
    await until('all partitions', () => held().length === PARTITIONS, RECOVERY_MS);
    await until('health', async () => (await driver.health()).up, RECOVERY_MS);
    await sendTexts(driver, 'unled', ['x'], 0);
    await until('its message', () => recorder.texts.includes('x'));
  }, 60_000);

  it.each(['kill', 'stop'] as const)(
    '%s and start under load: nothing is lost, reordered or doubled',
    async (end) => {
      const { drivers } = await begin(`load-${end}`, 2);
      const topic = `load-${end}`;
      const recorder = new Recorder();
      for (const driver of drivers)
        await driver.subscribe('group', [topic], recorder.deliver(), { batchSize: 20 });
      const senders = drivers.map((driver, i) => new Sender(driver, topic, i));
      const sending = senders.map((sender) => sender.run());
      await until('a flow', () => recorder.settled.length > 500);
      await node.run(end);
      await node.run('start');
      const answered = performance.now();
      const seen = recorder.settled.length;
      await until('a flow again', () => recorder.settled.length > seen + 500, RECOVERY_MS);
      expect(performance.now() - answered).toBeLessThan(RECOVERY_MS);
      for (const sender of senders) sender.stop();
      await Promise.all(sending);
      const confirmed = senders.flatMap((sender) => sender.confirmed);
      const delivered = () => new Set(recorder.texts);
      await until('all that was confirmed', () => {
        const texts = delivered();
        return confirmed.every((text) => texts.has(text));
      });
      for (const sender of senders) {
        const firsts = [...delivered()].filter((text) => text.startsWith(sender.prefix));
        for (let partition = 0; partition < PARTITIONS; partition += 1) {
          const numbers = firsts
            .map((text) => Number(text.slice(2)))
            .filter((n) => n % PARTITIONS === partition);
          expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
        }
      }
      // A repeat is either of a message of unknown outcome, or of one whose acknowledgement the end overtook.
      const inHand = 2 * PARTITIONS * 200;
      const repeats = recorder.texts.length - delivered().size;
      const resent = senders.reduce((sum, sender) => sum + sender.unknown, 0);
      expect(repeats).toBeLessThanOrEqual(resent + inHand);
      for (const driver of drivers)
        await until('health', async () => (await driver.health()).up, RECOVERY_MS);
    },
    120_000,
  );

  it('what lives on a queue of its own comes back when that alone is deleted', async () => {
    const { scene, drivers } = await begin('alone', 2);
    const [driver, other] = drivers as [RabbitmqDriver, RabbitmqDriver];
    const [replies, heard]: [string[], string[]] = [[], []];
    let [losses, resyncs] = [0, 0];
    driver.onReply(
      (id) => replies.push(id),
      () => (losses += 1),
    );
    await driver.broadcast(
      ['alone'],
      (m) => heard.push(m.body.toString()),
      () => (resyncs += 1),
    );
    const recorder = new Recorder();
    await driver.subscribe('group', ['alone'], recorder.deliver());
    const listed = await node.ctl('list_queues', 'name', 'durable', '--silent');
    const temporary = listed.split('\n').filter((line) => line.includes('false'));
    expect(temporary.length).toBeGreaterThanOrEqual(4);
    const mine = temporary
      .map((line) => line.split('\t')[0] ?? '')
      .filter((name) => !name.includes(other.replyAddress));
    // The loss of one closes the connection of the others, which may be gone by then.
    const forget = `[(catch rabbit_amqqueue:delete(Q, false, false, <<"test">>)) || Q <- rabbit_amqqueue:list(), not amqqueue:is_durable(Q), lists:member(element(4, amqqueue:get_name(Q)), [${mine.map((name) => `<<"${name}">>`).join(',')}])].`;
    await node.ctl('eval', forget);
    await until('word of lost replies', () => losses > 0);
    await until('a resync', () => resyncs >= 2);
    await until('a reply', async () => {
      await other.reply(driver.replyAddress, 'again', {}, Buffer.from('x'));
      return replies.includes('again');
    });
    await sendTexts(other, 'alone', ['after']);
    await until('the broadcast', () => heard.includes('after'));
    await until('the message', () => recorder.texts.includes('after'));
    expect(scene.names.replies('')).toContain('replies');
  }, 60_000);

  it('wiped and started empty: health says what to do, nothing hangs, and a declaration brings all back', async () => {
    const { drivers, topology } = await begin('wiped', 1);
    const [driver] = drivers as [RabbitmqDriver];
    const recorder = new Recorder();
    await driver.subscribe('group', ['wiped'], recorder.deliver());
    await node.run('wipe');
    await node.run('start');
    const detail = await until(
      'a connection, and what is missing',
      async () => {
        const health = (await driver.health()).detail;
        return health?.includes('declare') === true && health;
      },
      2 * RECOVERY_MS,
    );
    expect(detail).toContain('declare the topology again');
    const [error] = await driver.send([message('wiped', 'x')]);
    expect(error).toBeDefined();
    await driver.declare(topology);
    await until(
      'a send',
      async () => (await driver.send([message('wiped', 'y')]))[0] === undefined,
      RECOVERY_MS,
    );
    await until('its delivery', () => recorder.texts.includes('y'), RECOVERY_MS);
    await until('health', async () => (await driver.health()).up, RECOVERY_MS);
  }, 120_000);
});

/** Sends numbers, each partition's in order; what was not confirmed is sent again before anything later. */
class Sender {
  readonly prefix: string;
  readonly confirmed: string[] = [];
  unknown = 0;
  #stopped = false;

  constructor(
    private readonly driver: RabbitmqDriver,
    private readonly topic: string,
    index: number,
  ) {
    this.prefix = `${String(index)}-`;
  }

  stop(): void {
    this.#stopped = true;
  }

  async run(): Promise<void> {
    for (let next = 0; !this.#stopped; next += 16) {
      let open = upTo(16, next).map((n) => message(this.topic, this.prefix + n, Number(n) % PARTITIONS));
      while (open.length > 0) {
        const results = await this.driver.send(open);
        this.unknown += results.filter((error) => error?.outcome === 'unknown').length;
        this.confirmed.push(...open.filter((_, i) => !results[i]).map((m) => m.body.toString()));
        open = open.filter((_, i) => results[i]);
        await new Promise((resolve) => setTimeout(resolve, open.length > 0 ? 50 : 4));
      }
    }
  }
}
