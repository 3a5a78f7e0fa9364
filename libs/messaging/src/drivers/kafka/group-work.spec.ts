import { describe, expect, it } from '@jest/globals';
import { until } from '../../delivery/delivery.fixture.js';
import type { Deliver } from '../../driver.js';
import { FakeTarget } from './fake-target.fixture.js';
import { GroupWork } from './group-work.js';
import type { OwnedPartition } from './owned-partition.js';

const DRAIN_MS = 50;
const settle: Deliver = () => Promise.resolve();
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function open(deliver: Deliver, batchSize = 200): { work: GroupWork; target: FakeTarget } {
  const target = new FakeTarget();
  return { work: new GroupWork(deliver, { batchSize }, target, DRAIN_MS), target };
}

/** Records from `from` up to, not including, `to`. */
function bring(owned: OwnedPartition, from: number, to: number): void {
  const records = Array.from({ length: to - from }, (_, i) => ({
    topic: owned.topic,
    partition: owned.partition,
    offset: BigInt(from + i),
    key: Buffer.from('k'),
    value: Buffer.from(String(from + i)),
    headers: [],
  }));
  owned.receive(records, BigInt(to));
}

describe('commits', () => {
  it('go for all partitions in one request, as far as each is settled', async () => {
    const { work, target } = open(settle);
    bring(work.take('t', 'x.t', 0, 10n), 10, 15);
    bring(work.take('t', 'x.t', 1, 0n), 0, 3);
    work.take('t', 'x.t', 2, 7n);
    await until(() => target.commits.length > 0);
    await work.commits.flush();
    expect(target.commits).toEqual([['x.t/0@15', 'x.t/1@3']]);
  });

  it('never pass what is not settled, though later messages were read', async () => {
    let calls = 0;
    const { work, target } = open(
      () => (++calls === 2 ? new Promise(() => undefined) : Promise.resolve()),
      5,
    );
    bring(work.take('t', 'x.t', 0, 0n), 0, 20);
    await until(() => calls === 2);
    await work.commits.flush();
    expect(target.commits).toEqual([['x.t/0@5']]);
  });

  it('wait while the group shares anew, except the last ones', async () => {
    const { work, target } = open(settle);
    const owned = work.take('t', 'x.t', 0, 0n);
    target.sharing = true;
    bring(owned, 0, 5);
    await pause(250);
    expect(target.commits).toEqual([]);
    await work.giveUp([owned]);
    expect(target.commits).toEqual([['x.t/0@5']]);
  });

  it('are not tried when the last heartbeat is old, not even as the last', async () => {
    const { work, target } = open(settle);
    const owned = work.take('t', 'x.t', 0, 0n);
    bring(owned, 0, 5);
    await until(() => owned.done === 5n);
    target.alive = false;
    await work.giveUp([owned]);
    expect(target.commits).toEqual([]);
  });

  it('stay due when refused', async () => {
    const { work, target } = open(settle);
    const owned = work.take('t', 'x.t', 0, 0n);
    target.refuses = true;
    bring(owned, 0, 5);
    await until(() => owned.done === 5n);
    expect(await work.commits.flush()).toBe(false);
    target.refuses = false;
    expect(await work.commits.flush()).toBe(true);
    expect(target.commits).toEqual([['x.t/0@5'], ['x.t/0@5']]);
  });

  it('go one at a time', async () => {
    const { work, target } = open(settle);
    const owned = work.take('t', 'x.t', 0, 0n);
    target.hold();
    bring(owned, 0, 5);
    await until(() => target.commits.length === 1);
    bring(owned, 5, 9);
    await pause(250);
    expect(target.commits).toEqual([['x.t/0@5']]);
    target.letGo();
    await until(() => target.commits.length === 2);
    expect(target.commits[1]).toEqual(['x.t/0@9']);
  });

  it('leave out a partition that was lost meanwhile', async () => {
    const { work, target } = open(settle);
    const [kept, lost] = [work.take('t', 'x.t', 0, 0n), work.take('t', 'x.t', 1, 0n)];
    bring(kept, 0, 2);
    bring(lost, 0, 2);
    await until(() => lost.done === 2n && kept.done === 2n);
    work.lose([lost]);
    await work.commits.flush();
    expect(target.commits).toEqual([['x.t/0@2']]);
  });
});

describe('the work of a group member', () => {
  it('lets what runs end before a partition is given up, and starts nothing more of it', async () => {
    let end: () => void = () => undefined;
    let calls = 0;
    const { work, target } = open(() => {
      calls += 1;
      return new Promise<void>((resolve) => (end = resolve));
    }, 5);
    const owned = work.take('t', 'x.t', 0, 0n);
    bring(owned, 0, 20);
    await until(() => calls === 1);
    const gone = work.giveUp([owned]);
    end();
    await gone;
    expect(calls).toBe(1);
    expect(target.commits).toEqual([['x.t/0@5']]);
    expect(work.owned).toEqual([]);
  });

  it('does not wait longer than it may for what runs, and never commits it then', async () => {
    let end: () => void = () => undefined;
    const { work, target } = open(() => new Promise<void>((resolve) => (end = resolve)));
    const owned = work.take('t', 'x.t', 0, 0n);
    bring(owned, 0, 5);
    await until(() => owned.held.isRunning);
    await work.giveUp([owned]);
    end();
    await pause(150);
    expect(target.commits).toEqual([]);
  });

  it('goes on with the partitions that are kept', async () => {
    const texts: string[] = [];
    const { work } = open(async (messages) => {
      texts.push(...messages.map((m) => m.body.toString()));
    });
    const [kept, moved] = [work.take('t', 'x.t', 0, 0n), work.take('t', 'x.t', 1, 0n)];
    await work.giveUp([moved]);
    bring(kept, 0, 2);
    await until(() => texts.length === 2);
    expect(work.owned).toEqual([kept]);
    work.abort();
  });

  it('starts nothing while its last heartbeat is old, and goes on after one', async () => {
    let calls = 0;
    const { work, target } = open(async () => {
      calls += 1;
    });
    target.alive = false;
    bring(work.take('t', 'x.t', 0, 0n), 0, 5);
    await pause(50);
    expect(calls).toBe(0);
    target.alive = true;
    work.delivery.wake();
    await until(() => calls === 1);
    work.abort();
  });

  it('tries its last commit again when the group refuses for a moment', async () => {
    const { work, target } = open(settle);
    const owned = work.take('t', 'x.t', 0, 0n);
    target.refuses = true;
    bring(owned, 0, 5);
    await until(() => owned.done === 5n);
    const closed = work.close(1_000);
    setTimeout(() => (target.refuses = false), 60);
    await closed;
    expect(owned.isDirty).toBe(false);
  });

  it('asks for more when it goes on after a pause', () => {
    const { work, target } = open(settle);
    work.pause();
    expect(work.isPaused).toBe(true);
    work.resume();
    expect([work.isPaused, target.rooms]).toEqual([false, 1]);
  });
});
