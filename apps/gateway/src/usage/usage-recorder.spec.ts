import { describe, expect, it } from '@jest/globals';
import type { RequestCompleted } from '@taskwire/contracts';
import type { PayloadOf } from '@taskwire/messaging';
import { UsageRecorder } from './usage-recorder.js';

const usage = {
  route: '/v1/tasks',
  method: 'GET',
  status: 200,
  durationMs: 3,
  userId: null,
  at: '2026-11-21T10:00:00.000Z',
};

function busThat(publish: () => Promise<void>) {
  const published: PayloadOf<typeof RequestCompleted>[] = [];
  return {
    published,
    publish: (_contract: unknown, payload: unknown) => {
      published.push(payload as PayloadOf<typeof RequestCompleted>);
      return publish();
    },
  };
}

describe('UsageRecorder', () => {
  it('publishes what it was told', async () => {
    const bus = busThat(() => Promise.resolve());
    const recorder = new UsageRecorder(bus, () => undefined);
    recorder.record(usage);
    await recorder.close();

    expect(bus.published).toEqual([{ ...usage, weight: 1 }]);
  });

  it('drops, and counts, what is more than its queue holds', () => {
    let dropped = 0;
    const recorder = new UsageRecorder(
      busThat(() => new Promise(() => undefined)),
      (count) => (dropped += count),
    );
    for (let i = 0; i < 1_000_000; i += 1) recorder.record(usage);

    expect(dropped).toBeGreaterThan(0);
  });

  it('counts what the bus does not take, and goes on', async () => {
    let dropped = 0;
    const bus = busThat(() => Promise.reject(new Error('no broker')));
    const recorder = new UsageRecorder(bus, (count) => (dropped += count));
    recorder.record(usage);
    recorder.record(usage);
    await recorder.close();

    expect(bus.published).toHaveLength(2);
    expect(dropped).toBe(2);
  });
});
