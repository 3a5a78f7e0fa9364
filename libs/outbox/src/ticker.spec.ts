import { describe, expect, it } from '@jest/globals';
import { until } from './store.fixture.js';
import { Ticker } from './ticker.js';

const quiet = { warn: () => undefined, error: () => undefined };

describe('a ticker', () => {
  it('runs again and again, never twice at once, until it is stopped', async () => {
    let running = 0;
    let most = 0;
    let runs = 0;
    const ticker = new Ticker(
      'a test',
      1,
      async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        runs += 1;
      },
      quiet,
    );
    ticker.start();
    await until('some runs', () => runs >= 5);
    await ticker.stop();
    const after = runs;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([most, running, runs]).toEqual([1, 0, after]);
  });

  it('goes on after a failure, and says what failed', async () => {
    const errors: unknown[] = [];
    let runs = 0;
    const ticker = new Ticker('a test', 1, () => Promise.reject(new Error(`no ${++runs}`)), {
      ...quiet,
      error: (message, fields) => void errors.push([message, fields]),
    });
    ticker.start();
    await until('two failures', () => errors.length >= 2);
    await ticker.stop();
    expect(errors[0]).toEqual(['a test failed, and is tried again', { reason: 'no 1' }]);
  });

  it('waits for what runs when it is stopped', async () => {
    const work = Promise.withResolvers<undefined>();
    let ended = false;
    const ticker = new Ticker('a test', 1, () => work.promise.then(() => (ended = true)), quiet);
    ticker.start();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const stopped = ticker.stop();
    work.resolve(undefined);
    await stopped;
    expect(ended).toBe(true);
  });
});
