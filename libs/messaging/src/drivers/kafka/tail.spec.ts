import { expect, it } from '@jest/globals';
import { numbered, sendAll } from '../../../testing/driver/scene.js';
import { topologyOf } from './kafka.fixture.js';
import { until, withKafka } from './with-kafka.fixture.js';

const one = (topic: string, count: number, from = 0) =>
  numbered(topic, count, ['k'], from).map((message) => ({ ...message, partition: 0 }));

await withKafka(
  'reading Kafka without a group',
  20,
  (broker) => {
    it('asks for a resync when the log has lost what was next, and goes on at its end', async () => {
      const driver = await broker().start('gap');
      const heard: string[] = [];
      let resyncs = 0;
      const consumer = await driver.broadcast(
        ['gap'],
        (m) => heard.push(m.body.toString()),
        () => (resyncs += 1),
      );
      consumer.pause();
      await sendAll(driver, one('gap', 10));
      await broker().admin.deleteRecords({
        topics: [{ name: broker().names.topic('gap'), partitions: [{ partition: 0, offset: 10n }] }],
      });
      consumer.resume();
      await until('the resync', () => resyncs >= 2);
      await until('what comes later', async () => {
        await sendAll(driver, one('gap', 1, 10));
        return heard.includes('10');
      });
      expect(heard.filter((text) => text !== '10')).toEqual([]);
    });

    it('leaves no group behind', async () => {
      const driver = await broker().start('groupless');
      await driver.broadcast(
        ['groupless'],
        () => undefined,
        () => undefined,
      );
      const groups = [...(await broker().admin.listGroups()).keys()];
      expect(groups.filter((group) => group.includes(driver.id))).toEqual([]);
    });

    it('keeps replies for a short time only, in a topic that all instances share', async () => {
      await broker().start('asked');
      const topics = await broker().admin.listTopics();
      const replies = topics.filter(
        (topic) => topic.startsWith(broker().prefix) && topic.includes('replies'),
      );
      expect(replies).toEqual([broker().names.replies]);
    });

    it('brings no reply from before the instance was there, and none of others', async () => {
      const [asker, other] = [await broker().start('asked'), await broker().start('asked')];
      const replies: string[] = [];
      other.onReply(
        (id) => replies.push(id),
        () => undefined,
      );
      await asker.reply(asker.replyAddress, 'not yours', {}, Buffer.from('x'));
      await asker.reply(other.replyAddress, 'yours', {}, Buffer.from('x'));
      await until('the reply', () => replies.length > 0);
      expect(replies).toEqual(['yours']);
    });

    it('rejects a reply that can certainly not be sent', async () => {
      const driver = await broker().start('asked', [], { maxMessageBytes: 1_000 });
      await expect(driver.reply(driver.replyAddress, '1', {}, Buffer.alloc(2_000))).rejects.toThrow(
        'at most 1000',
      );
    });

    it('shows the age of the oldest message that a group has not acknowledged', async () => {
      const driver = await broker().start('aged', ['slow']);
      expect(await driver.lag()).toEqual([{ group: 'slow', topic: 'aged', messages: 0, oldestAgeMs: 0 }]);
      await sendAll(driver, one('aged', 3));
      await new Promise((resolve) => setTimeout(resolve, 300));
      await sendAll(driver, one('aged', 2, 3));
      const [lag] = await driver.lag();
      expect(lag?.messages).toBe(5);
      expect(lag?.oldestAgeMs).toBeGreaterThanOrEqual(300);
    });

    it('shows the lag of a group that another instance declared and reads', async () => {
      const [reader, watcher] = [await broker().start('others', ['theirs']), await broker().start('others')];
      await watcher.declare(topologyOf('others', ['theirs']));
      const consumer = await reader.subscribe('theirs', ['others'], () => Promise.resolve());
      await sendAll(watcher, one('others', 5));
      await until('no lag', async () => (await watcher.lag())[0]?.messages === 0);
      await consumer.close();
      await sendAll(watcher, one('others', 4));
      expect((await watcher.lag())[0]?.messages).toBe(4);
    });
  },
  ['platformatic'],
);
