import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  beginOrResume,
  killsIn,
  type Progress,
  readProgress,
  type Round,
  seedOf,
  writeProgress,
} from './progress.js';
import { seeded } from './random.js';
import { isClean, report } from './report.js';
import { POINTS, victimsAt } from './victims.js';

const round = (rest: Partial<Round> = {}): Round => ({
  ...{ number: 1, point: 'taskwire.batch.committed', faults: { latency: 2 }, findings: [], complaints: [] },
  remindersLateMs: [40, 600],
  ...{ attempted: 30, acknowledged: 30, byOperation: 9, refused: 0, exits: [], error: null, seconds: 40 },
  kills: [
    { process: 'task', point: 'taskwire.batch.committed', inHand: 3, at: 1 },
    { process: 'auth', point: 'taskwire.batch.committed', inHand: 1, at: 2 },
  ],
  ...rest,
});
const lost = { owner: 'ada', kind: 'lost', where: 'tasks', detail: 't1' };
const progress = (...rounds: Round[]): Progress => ({
  ...{
    driver: 'kafka:kafkajs',
    brokers: 3,
    seed: 'one',
    kills: 100,
    date: '2026-11-25',
    node: '24',
    cpus: 2,
  },
  ...{ settings: { RELAY_LEASE_MS: '1500' }, rounds, unfinished: [] },
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskwire-progress-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('the report of a run', () => {
  it('says which rounds were run again, and why', () => {
    const again = { ...progress(round()), unfinished: ['round 1: the broker did not start'] };

    expect(report(again)).toContain('Run again, since they came to no end:\n\n- round 1: the broker');
    expect(report(progress(round()))).not.toContain('Run again');
  });

  it('has a row for each kill point with its outcome, the faults, the settings and the way to repeat it', () => {
    const page = report(
      progress(round(), round({ number: 2, findings: [lost] }), round({ point: 'taskwire.relay.sent' })),
    );

    expect(page).toContain('npm run faults -- --driver kafka:kafkajs --brokers 3 --kills 100 --seed one');
    expect(page).toContain(
      '| taskwire.batch.committed | kafka:kafkajs | 4 | 1-3 | 60 | 60 | 0 | 1 | 0 | 0 | 0 | 0 |',
    );
    expect(page).toContain(
      '| taskwire.relay.sent | kafka:kafkajs | 2 | 1-3 | 30 | 30 | 0 | 0 | 0 | 0 | 0 | 0 |',
    );
    expect(page).toContain('| latency | 6 |');
    expect(page).toContain('Reminders: 6, p50 40 ms, p95 600 ms, at most 600 ms after their time');
    expect(page).toContain('RELAY_LEASE_MS=1500');
    expect(page).toContain('Round 2 (`--round 2` repeats it)');
    expect(page).not.toContain('Every round was clean');
  });

  it.each([
    ['findings', { findings: [lost] }],
    ['commands that were refused', { refused: 1 }],
    ['no end', { error: 'not within 120000 ms' }],
  ])('calls a round with %s not clean', (_, rest) => {
    expect(isClean(round())).toBe(true);
    expect(isClean(round(rest))).toBe(false);
  });
});

describe('the progress of a run', () => {
  it('is read as it was written, and its kills are counted', async () => {
    const path = join(folder, 'run.json');
    await writeProgress(path, progress(round(), round()));
    const read = await readProgress(path);

    expect(read).toEqual(progress(round(), round()));
    expect(read && killsIn(read)).toBe(4);
    expect(await readProgress(join(folder, 'none.json'))).toBeUndefined();
  });

  it('goes on with --resume: the same seed, the kills so far, and more of them when asked for', async () => {
    const path = join(folder, 'resumed.json');
    const options = { driver: 'kafka:kafkajs', brokers: 3, kills: undefined, seed: undefined, resume: true };
    await expect(beginOrResume(path, options)).rejects.toThrow('nothing to resume');
    await writeProgress(path, progress(round(), round({ number: 2 })));
    const resumed = await beginOrResume(path, options);
    const longer = await beginOrResume(path, { ...options, kills: 200 });
    const fresh = await beginOrResume(path, { ...options, resume: false });

    expect(resumed).toEqual(progress(round(), round({ number: 2 })));
    expect(longer).toEqual({ ...resumed, kills: 200 });
    expect(seedOf(resumed, 3)).toBe('one/3');
    expect(fresh).toMatchObject({ kills: 1_000, rounds: [] });
    expect(fresh.seed).not.toBe(resumed.seed);
  });

  it('that is none is refused', async () => {
    const path = join(folder, 'other.json');
    await writeFile(path, '{"rounds": 3}');
    await expect(readProgress(path)).rejects.toThrow('driver');
  });
});

describe('a seed', () => {
  const drawn = (seed: string) => {
    const random = seeded(seed);
    return [random.next(), random.int(1, 6), random.pick(['a', 'b', 'c']), random.uuid()];
  };

  it('gives the same again, and another one something else', () => {
    expect(drawn('one')).toEqual(drawn('one'));
    expect(drawn('two')).not.toEqual(drawn('one'));
    expect(drawn('one')[3]).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/);
  });

  it('shares the kills of a point out among all processes that come there', () => {
    for (const point of POINTS) {
      const victims = victimsAt(point, 20, seeded('one'));
      expect(victims.reduce((sum, { kills }) => sum + kills, 0)).toBe(20);
      expect(victims.every(({ kills }) => kills > 0)).toBe(true);
    }
  });
});
