import { afterAll, beforeAll, describe, it } from '@jest/globals';
import type { DriverTarget, DriverUnderTest } from '../driver/target.js';
import { broadcastCases } from './broadcast.cases.js';
import { endingCases } from './ending.cases.js';
import { faultCases } from './fault.cases.js';
import { orderCases } from './order.cases.js';
import { parkingCases } from './parking.cases.js';
import { requestCases } from './request.cases.js';
import { rollingCases } from './rolling.cases.js';
import type { StoreTarget } from './store-target.js';
import { traceCases } from './trace.cases.js';
import { World } from './world.js';

/** A case by its name, which excuses refer to. */
export type BusCases = Readonly<Record<string, (world: World) => Promise<void>>>;

const CASES: BusCases = {
  ...requestCases,
  ...rollingCases,
  ...endingCases,
  ...faultCases,
  ...parkingCases,
  ...orderCases,
  ...broadcastCases,
  ...traceCases,
};

export interface BusUnderTest extends DriverUnderTest {
  /** The store side that the bus's groups use. Called once. */
  stores(): Promise<StoreTarget>;
}

/** Defines the tests that a bus passes over every driver and every store, as far as it is not excused. */
export function busConformance({ name, excuses = {}, patienceMs = 10_000, ...under }: BusUnderTest): void {
  describe(`bus over ${name}`, () => {
    let target: DriverTarget;
    let storeTarget: StoreTarget;

    beforeAll(async () => {
      target = await under.create();
      storeTarget = await under.stores();
    }, 60_000);

    afterAll(async () => {
      await storeTarget.close();
      await target.close();
    }, 60_000);

    for (const [title, run] of Object.entries(CASES)) {
      const excuse = excuses[title];
      if (excuse !== undefined) {
        process.stdout.write(`bus over ${name} is excused from "${title}": ${excuse}\n`);
        it.skip(`${title} (excused: ${excuse})`, () => undefined);
        continue;
      }
      it(
        title,
        async () => {
          const world = new World(target, storeTarget, patienceMs);
          try {
            await run(world);
          } finally {
            await world.end();
          }
        },
        patienceMs * 3,
      );
    }

    it('is excused only from cases that exist', () => {
      const unknown = Object.keys(excuses).filter((title) => !(title in CASES));
      if (unknown.length > 0) throw new Error(`no such cases: ${unknown.join(', ')}`);
    });
  });
}
