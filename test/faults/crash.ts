import { afterAll, describe, expect, it } from '@jest/globals';
import { type Deployment, deploy, SHORTENED } from './deployment.ts';
import { SETTLED_PER_KILL } from './kills.ts';
import { spread } from './report.ts';
import { runRound } from './round.ts';
import type { CrashRun, Victim } from './victims.ts';

/** Of what is random in the specs; `npm run faults` draws others. */
const SEED = 'npm test';

/** Promised are 10 s after the process has started again, which takes a busy machine a while too. */
const REMINDER_LIMIT_MS = 30_000;

/** Defines the test of one deployment. Each is a spec file of its own, so that two run at a time. */
export function crashTest({ bus, shape, victims }: CrashRun): void {
  describe(`SIGKILL at named points under load, over ${bus} in ${shape}`, () => {
    let deployment: Deployment | undefined;
    afterAll(() => deployment?.stop(), 60_000);

    it('loses, doubles and reorders nothing, and every operation ends', async () => {
      console.log(`shortened for this test: ${JSON.stringify(SHORTENED)}`);
      deployment = await deploy({ shape, bus });
      const round = await runRound(deployment, { seed: SEED, victims });
      const { kills, attempted, acknowledged, byOperation, ...result } = round;
      const inHand = kills.map((kill) => kill.inHand);
      console.log(
        `${bus}, ${shape}: ${kills.length} kills with ${Math.min(...inHand)} to ${Math.max(...inHand)} messages in hand, ` +
          `${acknowledged} of ${attempted} commands acknowledged, ${byOperation} of them by operation; ` +
          `reminders after their time or the last kill: ${spread(result.remindersLateMs)}`,
      );
      expect(result.findings).toEqual([]);
      expect(result.complaints).toEqual([]);
      expect(result.refused).toBe(0);
      expect(deployment.uncaught()).toEqual([]);
      expect(kills.length).toBeGreaterThanOrEqual(killsOf(victims));
      expect(acknowledged).toBeGreaterThanOrEqual(SETTLED_PER_KILL * killsOf(victims));
      expect(byOperation).toBeGreaterThan(0);
      expect(result.remindersLateMs.length).toBeGreaterThan(0);
      expect(Math.max(...result.remindersLateMs)).toBeLessThan(REMINDER_LIMIT_MS);
      for (const { process, points } of victims) {
        const reached = kills.filter((kill) => kill.process === process).map(({ point }) => point);
        expect(new Set(reached)).toEqual(new Set(points));
      }
    }, 600_000);
  });
}

function killsOf(victims: readonly Victim[]): number {
  return victims.reduce((sum, { kills }) => sum + kills, 0);
}
