import { describe, expect, it } from '@jest/globals';
import type { IncomingMessage } from '../driver.js';
import { messages, Stage, turn, until } from './delivery.fixture.js';
import { Delivery } from './delivery.js';

const noop = (): void => undefined;

describe('batches', () => {
  it('span partitions that are ready at the same time', async () => {
    const stage = new Stage();
    stage.hold(0).push(messages(0, 1, 2));
    stage.hold(1).push(messages(1, 1, 1));
    expect((await stage.call(0)).texts).toEqual(['0:1', '0:2', '1:1']);
  });

  it('hold at most batchSize messages, and the rest waits its turn', async () => {
    const stage = new Stage({ batchSize: 3, concurrency: 2 });
    stage.hold(0).push(messages(0, 1, 4));
    stage.hold(1).push(messages(1, 1, 2));
    expect((await stage.call(0)).texts).toEqual(['0:1', '0:2', '0:3']);
    expect((await stage.call(1)).texts).toEqual(['1:1', '1:2']);
    (await stage.call(0)).resolve();
    expect((await stage.call(2)).texts).toEqual(['0:4']);
  });

  it('take the partitions in turn, so that a busy one does not starve the others', async () => {
    const stage = new Stage({ batchSize: 2, concurrency: 1, bufferSize: 100 });
    stage.hold(0).push(messages(0, 1, 6));
    stage.hold(1).push(messages(1, 1, 2));
    (await stage.call(0)).resolve();
    expect((await stage.call(1)).texts).toEqual(['1:1', '1:2']);
  });

  it('run at most `concurrency` at once, and never two with the same partition', async () => {
    const stage = new Stage({ batchSize: 1, concurrency: 2 });
    for (const partition of [0, 1, 2]) stage.hold(partition).push(messages(partition, 1, 2));
    await turn();
    expect(stage.calls.map((call) => call.texts)).toEqual([['0:1'], ['1:1']]);
    stage.calls[0]?.resolve();
    expect((await stage.call(2)).texts).toEqual(['2:1']);
    await turn();
    expect(stage.calls).toHaveLength(3);
  });
});

describe('lingering', () => {
  it('gathers what comes one by one into one batch', async () => {
    const stage = new Stage({ lingerMs: 1_000 });
    const held = stage.hold(0);
    held.push(messages(0, 1, 1));
    await turn();
    held.push(messages(0, 2, 2));
    expect((await stage.call(0)).texts).toEqual(['0:1', '0:2']);
  });

  it('does not wait once a batch is full', async () => {
    const stage = new Stage({ lingerMs: 60_000, batchSize: 2 });
    const held = stage.hold(0);
    held.push(messages(0, 1, 1));
    await turn();
    expect(stage.calls).toHaveLength(0);
    held.push(messages(0, 2, 2));
    expect((await stage.call(0)).texts).toEqual(['0:1', '0:2']);
  });
});

describe('while a batch runs', () => {
  it('what comes gathers, and runs when the first has ended', async () => {
    const stage = new Stage({ overlapMs: 60_000 });
    stage.hold(0).push(messages(0, 1, 1));
    const first = await stage.call(0);
    const held = stage.hold(1);
    held.push(messages(1, 1, 1));
    await turn();
    held.push(messages(1, 2, 2));
    await turn();
    expect(stage.calls).toHaveLength(1);
    first.resolve();
    expect((await stage.call(1)).texts).toEqual(['1:1', '1:2']);
  });

  it('another starts beside it when a full one is there', async () => {
    const stage = new Stage({ overlapMs: 60_000, batchSize: 2 });
    stage.hold(0).push(messages(0, 1, 1));
    await stage.call(0);
    stage.hold(1).push(messages(1, 1, 2));
    expect((await stage.call(1)).texts).toEqual(['1:1', '1:2']);
  });

  it('another starts beside it when it takes long', async () => {
    const stage = new Stage({ overlapMs: 1 });
    stage.hold(0).push(messages(0, 1, 1));
    await stage.call(0);
    stage.hold(1).push(messages(1, 1, 1));
    expect((await stage.call(1)).texts).toEqual(['1:1']);
  });
});

describe('settlement', () => {
  it('acknowledges the last message of each partition when a batch resolves', async () => {
    const stage = new Stage();
    stage.hold(0).push(messages(0, 1, 3));
    stage.hold(1).push(messages(1, 7, 8));
    (await stage.call(0)).resolve();
    await turn();
    expect(stage.acknowledged).toEqual(['0:3', '1:8']);
  });

  it('acknowledges nothing of a rejected batch, and delivers it again from its first message on', async () => {
    const stage = new Stage({ batchSize: 2 });
    stage.hold(0).push(messages(0, 1, 3));
    (await stage.call(0)).reject();
    expect((await stage.call(1)).texts).toEqual(['0:1', '0:2']);
    (await stage.call(1)).reject();
    (await stage.call(2)).resolve();
    expect((await stage.call(3)).texts).toEqual(['0:3']);
    expect(stage.acknowledged).toEqual(['0:2']);
  });

  it('delivers each partition of a rejected batch alone until it succeeds', async () => {
    const stage = new Stage({ concurrency: 2 });
    stage.hold(0).push(messages(0, 1, 1));
    stage.hold(1).push(messages(1, 1, 1));
    (await stage.call(0)).reject();
    const again = [(await stage.call(1)).texts, (await stage.call(2)).texts];
    expect(again.sort()).toEqual([['0:1'], ['1:1']]);
  });

  it('takes a handler that throws at once for a rejection', async () => {
    const acknowledged: string[] = [];
    let calls = 0;
    const delivery = new Delivery(
      () => {
        calls += 1;
        if (calls === 1) throw new Error('thrown by the test');
        return Promise.resolve();
      },
      { backoff: { firstMs: 1, mostMs: 1 } },
    );
    const events = { acknowledge: (last: IncomingMessage) => acknowledged.push(last.position), room: noop };
    delivery.hold('t', 0, events).push(messages(0, 1, 1));
    await until(() => acknowledged.length > 0);
    expect([calls, acknowledged]).toEqual([2, ['1']]);
  });
});

describe('bounds', () => {
  it('counts what runs into the room of a partition', async () => {
    const stage = new Stage({ batchSize: 2, bufferSize: 5 });
    const held = stage.hold(0);
    expect(held.room).toBe(5);
    held.push(messages(0, 1, 4));
    await stage.call(0);
    expect(held.room).toBe(1);
    stage.calls[0]?.resolve();
    await turn();
    expect(stage.rooms).toEqual([0]);
    expect(held.room).toBe(3);
  });

  it('has no room beyond the bound in bytes', async () => {
    const stage = new Stage({ bufferBytes: 1_000 });
    const held = stage.hold(0);
    held.push(messages(0, 1, 2, 600));
    expect(held.room).toBe(0);
    (await stage.call(0)).resolve();
    await turn();
    expect(held.room).toBeGreaterThan(0);
  });
});

describe('pause', () => {
  it('starts nothing new, and acknowledges what runs', async () => {
    const stage = new Stage({ batchSize: 1 });
    stage.hold(0).push(messages(0, 1, 2));
    const running = await stage.call(0);
    stage.delivery.pause();
    running.resolve();
    await turn();
    expect(stage.acknowledged).toEqual(['0:1']);
    expect(stage.calls).toHaveLength(1);
    stage.delivery.resume();
    expect((await stage.call(1)).texts).toEqual(['0:2']);
  });

  it('starts nothing while the owner may have changed', async () => {
    let mayStart = false;
    const stage = new Stage({ mayStart: () => mayStart });
    stage.hold(0).push(messages(0, 1, 1));
    await turn();
    expect(stage.calls).toHaveLength(0);
    mayStart = true;
    stage.delivery.wake();
    await stage.call(0);
  });
});

describe('a partition that is given up', () => {
  it('drains what runs, drops what waits, and acknowledges the former', async () => {
    const stage = new Stage({ batchSize: 1 });
    const held = stage.hold(0);
    held.push(messages(0, 1, 3));
    const running = await stage.call(0);
    let drained = false;
    const draining = held.drain().then(() => (drained = true));
    await turn();
    expect(drained).toBe(false);
    running.resolve();
    await draining;
    held.push(messages(0, 2, 3));
    await turn();
    expect(stage.acknowledged).toEqual(['0:1']);
    expect(stage.calls).toHaveLength(1);
  });

  it('is drained at once during the pause after a failure', async () => {
    const stage = new Stage({ backoff: { firstMs: 60_000, mostMs: 60_000 } });
    const held = stage.hold(0);
    held.push(messages(0, 1, 1));
    (await stage.call(0)).reject();
    await turn();
    await held.drain();
    expect(stage.acknowledged).toEqual([]);
  });
});

describe('a lost partition', () => {
  it('has no results acknowledged', async () => {
    const stage = new Stage();
    const held = stage.hold(0);
    held.push(messages(0, 1, 1));
    const running = await stage.call(0);
    stage.delivery.drop(held);
    running.resolve();
    await turn();
    expect(stage.acknowledged).toEqual([]);
  });

  it('that comes back does not start before its old call has ended', async () => {
    const stage = new Stage();
    const held = stage.hold(0);
    held.push(messages(0, 1, 1));
    const running = await stage.call(0);
    stage.delivery.drop(held);
    stage.hold(0).push(messages(0, 1, 2));
    await turn();
    expect(stage.calls).toHaveLength(1);
    running.resolve();
    expect((await stage.call(1)).texts).toEqual(['0:1', '0:2']);
  });
});

describe('close', () => {
  it('waits for what runs and acknowledges it', async () => {
    const stage = new Stage({ batchSize: 1 });
    stage.hold(0).push(messages(0, 1, 2));
    const running = await stage.call(0);
    const closing = stage.delivery.close(5_000);
    running.resolve();
    await closing;
    await turn();
    expect(stage.acknowledged).toEqual(['0:1']);
    expect(stage.calls).toHaveLength(1);
  });

  it('ends at its deadline, after which a late result is not acknowledged', async () => {
    const stage = new Stage();
    stage.hold(0).push(messages(0, 1, 1));
    const running = await stage.call(0);
    await stage.delivery.close(10);
    running.resolve();
    await turn();
    expect(stage.acknowledged).toEqual([]);
  });

  it('waits for the calls of lost partitions too', async () => {
    const stage = new Stage();
    const held = stage.hold(0);
    held.push(messages(0, 1, 1));
    const running = await stage.call(0);
    stage.delivery.drop(held);
    let closed = false;
    const closing = stage.delivery.close(5_000).then(() => (closed = true));
    await turn();
    expect(closed).toBe(false);
    running.resolve();
    await closing;
  });
});
