import { describe, expect, it } from '@jest/globals';
import type { Driver } from '../../src/index.js';
import { MemoryBroker, MemoryDriver } from '../../src/drivers/memory/index.js';
import { MUTANTS } from './mutants.fixture.js';
import { Scene } from './scene.js';
import { CASES } from './cases.js';
import type { DriverTarget } from './target.js';

/** For a wait that should end, and for one that a fault keeps from ending. */
const PATIENCE_MS = 10_000;
const SHORT_PATIENCE_MS = 500;
const SESSION_MS = 200;

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

async function run(title: string, change: (driver: Driver) => Driver, patienceMs: number): Promise<void> {
  const scene = new Scene(targetOf(change), patienceMs, SESSION_MS);
  try {
    await (CASES[title] ?? (() => Promise.reject(new Error(`no case "${title}"`))))(scene);
  } finally {
    await scene.end();
  }
}

describe('the conformance suite notices a driver that', () => {
  it.each(Object.entries(MUTANTS))('%s', async (_name, { caughtBy, change }) => {
    await run(caughtBy, (driver) => driver, PATIENCE_MS);
    await expect(run(caughtBy, change, SHORT_PATIENCE_MS)).rejects.not.toThrow(/no case/);
  });
});
