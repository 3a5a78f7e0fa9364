import { expect, it } from '@jest/globals';
import { Recorder } from '../../../testing/driver/recorder.js';
import { KEY_PER_PARTITION, numbered, sendAll } from '../../../testing/driver/scene.js';
import { until, withKafka } from './with-kafka.fixture.js';

const PARTITIONS = 8;
const [OFFSET_COMMIT, JOIN_GROUP, SYNC_GROUP] = [8, 11, 14];
const sum = (offsets: Map<number, number>): number => [...offsets.values()].reduce((a, b) => a + b, 0);

await withKafka('members of a group', 20, (broker) => {
  it('commit nothing from the moment they gave partitions up until the group has shared anew', async () => {
    const options = { partitions: PARTITIONS };
    const first = await broker().start('quiet', ['quiet'], options);
    const requests: number[] = [];
    broker().way(first).onRequest = (apiKey) => requests.push(apiKey);
    const recorder = new Recorder();
    await first.subscribe('quiet', ['quiet'], recorder.deliver());
    let sent = 0;
    let stop = false;
    const publishing = (async () => {
      while (!stop) {
        await sendAll(first, numbered('quiet', 16, KEY_PER_PARTITION, sent));
        sent += 16;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    for (let round = 0; round < 3; round += 1) {
      const other = await broker().start('quiet', ['quiet'], options);
      const consumer = await other.subscribe('quiet', ['quiet'], recorder.deliver());
      await until('even shares', () => consumer.partitions().get('quiet')?.length === 4);
      await other.close();
    }
    stop = true;
    await publishing;
    await until('all messages', () => recorder.numbers.length === sent);
    expect(recorder.texts).toHaveLength(sent);
    let isJoining = false;
    let joins = 0;
    const commitsWhileJoining = requests.filter((apiKey) => {
      if (apiKey === JOIN_GROUP) isJoining = true;
      if (apiKey === SYNC_GROUP) isJoining = false;
      if (apiKey === JOIN_GROUP) joins += 1;
      return apiKey === OFFSET_COMMIT && isJoining;
    });
    expect(joins).toBeGreaterThan(3);
    expect(requests.filter((apiKey) => apiKey === OFFSET_COMMIT).length).toBeGreaterThan(3);
    expect(commitsWhileJoining).toEqual([]);
  });

  it('do not move the offsets of the group back after they were frozen and taken over from', async () => {
    const options = { partitions: PARTITIONS };
    const [frozen, heir, publisher] = [
      await broker().start('thawed', ['thawed'], options),
      await broker().start('thawed', ['thawed'], options),
      await broker().start('thawed', ['thawed'], options),
    ];
    const [atFrozen, atHeir] = [new Recorder(), new Recorder()];
    const consumer = await frozen.subscribe('thawed', ['thawed'], atFrozen.deliver());
    await sendAll(publisher, numbered('thawed', 80, KEY_PER_PARTITION));
    await until('the first messages', () => atFrozen.settled.length > 0);
    broker().way(frozen).freeze();
    await heir.subscribe('thawed', ['thawed'], atHeir.deliver());
    await sendAll(publisher, numbered('thawed', 80, KEY_PER_PARTITION, 80));
    await until('all new messages at the heir', () => atHeir.numbers.filter((n) => n >= 80).length === 80);
    await until('all committed', async () => sum(await broker().committed('thawed', 'thawed')) === 160);
    const started = atFrozen.calls.length;
    broker().way(frozen).thaw();
    const seen: number[] = [];
    await until('the thawed one back', async () => {
      seen.push(sum(await broker().committed('thawed', 'thawed')));
      return consumer.partitions().get('thawed')?.length === 4 && seen.length > 20;
    });
    expect(Math.min(...seen)).toBe(160);
    expect(atFrozen.calls.length).toBe(started);
  });

  it('start no batch while their last heartbeat is old', async () => {
    const [frozen, publisher] = [
      await broker().start('stale', ['stale']),
      await broker().start('stale', ['stale']),
    ];
    const recorder = new Recorder();
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    await frozen.subscribe(
      'stale',
      ['stale'],
      recorder.deliver(() => gate),
      { batchSize: 1 },
    );
    const messages = numbered('stale', 10, ['one']).map((m) => ({ ...m, partition: 0 }));
    await sendAll(publisher, messages);
    await until('a running call', () => recorder.calls.length === 1);
    broker().way(frozen).freeze();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    release();
    await until('the end of the call', () => recorder.settled.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(recorder.calls).toHaveLength(1);
    broker().way(frozen).thaw();
    await until('the rest', () => recorder.numbers.length === 10);
  });

  it('go on where the group stood when the log has lost what was next, and say so', async () => {
    const driver = await broker().start('trimmed', ['trimmed']);
    await sendAll(
      driver,
      numbered('trimmed', 10, ['one']).map((m) => ({ ...m, partition: 0 })),
    );
    await broker().admin.deleteRecords({
      topics: [{ name: broker().names.topic('trimmed'), partitions: [{ partition: 0, offset: 6n }] }],
    });
    const recorder = new Recorder();
    await driver.subscribe('trimmed', ['trimmed'], recorder.deliver());
    await until('what is left', () => recorder.numbers.length === 4);
    expect(recorder.numbers).toEqual([6, 7, 8, 9]);
  });
});
