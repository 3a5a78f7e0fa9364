import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { CASES } from './cases.js';
import { Scene } from './scene.js';
import type { DriverTarget, DriverUnderTest } from './target.js';

/** Defines the tests that every driver passes, as far as it is not excused. */
export function driverConformance({
  name,
  create,
  excuses = {},
  sessionMs = 1_000,
  patienceMs = 10_000,
}: DriverUnderTest): void {
  describe(`driver ${name}`, () => {
    let target: DriverTarget;

    beforeAll(async () => {
      target = await create();
    }, 60_000);

    afterAll(async () => {
      await target.close();
    }, 60_000);

    for (const [title, run] of Object.entries(CASES)) {
      const excuse = excuses[title];
      if (excuse !== undefined) {
        process.stdout.write(`driver ${name} is excused from "${title}": ${excuse}\n`);
        it.skip(`${title} (excused: ${excuse})`, () => undefined);
        continue;
      }
      it(
        title,
        async () => {
          const scene = new Scene(target, patienceMs, sessionMs);
          try {
            await run(scene);
          } finally {
            await scene.end();
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
