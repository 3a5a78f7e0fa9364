import { describe, expect, it } from '@jest/globals';
import { type Driver, MemoryBroker, MemoryDriver } from '../../src/index.js';
import { MUTANTS } from './mutants.fixture.js';
import { Scene } from './scene.js';
import { CASES } from './cases.js';
import type { DriverTarget } from './target.js';

const PATIENCE_MS = 300;

/** Drivers in memory, changed; what the suite kills and cuts is the original. */
function targetOf(change: (driver: Driver) => Driver): DriverTarget {
  const broker = new MemoryBroker();
  const originals = new Map<Driver, MemoryDriver>();
  const originalOf = (driver: Driver): MemoryDriver => {
    const original = originals.get(driver);
    if (!original) throw new Error('a driver of another target');
    return original;
  };
  return {
    driver: () => {
      const original = new MemoryDriver(broker);
      const driver = change(original);
      originals.set(driver, original);
      return driver;
    },
    kill: (driver) => Promise.resolve(originalOf(driver).abort()),
    cut: (driver) => Promise.resolve(originalOf(driver).disconnect()),
    close: () => Promise.resolve(),
  };
}

async function failuresOf(change: (driver: Driver) => Driver): Promise<string[]> {
  const target = targetOf(change);
  const failures = await Promise.all(
    Object.entries(CASES).map(async ([title, run]) => {
      if (/storm|under load|good order/.test(title)) return [];
      const scene = new Scene(target, PATIENCE_MS);
      const failed = await run(scene).then(
        () => false,
        () => true,
      );
      await scene.end();
      return failed ? [title] : [];
    }),
  );
  return failures.flat();
}

describe('the conformance suite notices a driver that', () => {
  it.each(Object.entries(MUTANTS))('%s', async (_name, change) => {
    expect(await failuresOf(change)).not.toEqual([]);
  });
});
