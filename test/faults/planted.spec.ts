import { afterAll, describe, expect, it } from '@jest/globals';
import { type Deployment, deploy } from './deployment.ts';
import { runRound } from './round.ts';

describe('the checker, when the platform has a bug', () => {
  let deployment: Deployment | undefined;
  afterAll(() => deployment?.stop(), 60_000);

  it('finds effects that are lost, doubled and out of order', async () => {
    deployment = await deploy({
      ...{ shape: 'five processes', bus: 'postgres' },
      planted: {
        task: 'deletes before it sends, and every other one late',
        notification: 'skips the inbox',
      },
    });
    const { findings } = await runRound(deployment, {
      seed: 'planted',
      // What a bug has lost doesn't come.
      settleMs: 0,
      victims: [
        { process: 'task', points: ['taskwire.relay.sending'], kills: 2 },
        { process: 'notification', points: ['taskwire.batch.committed'], kills: 3 },
      ],
    });
    const found = new Set(findings.map(({ kind, where }) => `${kind} in ${where}`));

    expect(found).toContain('lost in notifications');
    expect(found).toContain('doubled in notifications');
    expect(found).toContain('swapped in notifications');
  }, 240_000);
});
