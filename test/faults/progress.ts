import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { z } from 'zod';

const Round = z.object({
  number: z.int(),
  point: z.string(),
  kills: z.array(z.object({ process: z.string(), point: z.string(), inHand: z.number(), at: z.number() })),
  faults: z.record(z.string(), z.int()),
  attempted: z.int(),
  acknowledged: z.int(),
  byOperation: z.int(),
  refused: z.int(),
  findings: z.array(z.object({ owner: z.string(), kind: z.string(), where: z.string(), detail: z.string() })),
  remindersLateMs: z.array(z.number()),
  complaints: z.array(z.string()),
  /** Processes that ended other than by SIGKILL. */
  exits: z.array(z.string()),
  /** Why the round came to no end; nothing of it is counted then. */
  error: z.string().nullable(),
  seconds: z.number(),
});
export type Round = z.output<typeof Round>;

const Progress = z.object({
  driver: z.string(),
  brokers: z.int(),
  seed: z.string(),
  kills: z.int(),
  date: z.string(),
  node: z.string(),
  cpus: z.int(),
  settings: z.record(z.string(), z.string()),
  rounds: z.array(Round),
  /** Why rounds that were run again came to no end the first time. */
  unfinished: z.array(z.string()).default([]),
});
/** A run as far as it has come: what `--resume` goes on with, and what the report is made of. */
export type Progress = z.output<typeof Progress>;

export interface RunOptions {
  readonly driver: string;
  readonly brokers: number;
  /** Default: 1,000, or as many as the run that is resumed wanted. */
  readonly kills: number | undefined;
  /** Default: drawn. */
  readonly seed: string | undefined;
  readonly resume: boolean;
}

/** A new run, or that of the file with its seed and its rounds. Rejects where there is nothing to resume. */
export async function beginOrResume(path: string, options: RunOptions): Promise<Progress> {
  const { driver, brokers, kills, seed, resume } = options;
  const found = resume ? await readProgress(path) : undefined;
  if (resume && !found) throw new Error(`nothing to resume: there is no ${path}`);
  if (found) return { ...found, kills: kills ?? found.kills };
  return {
    ...{ driver, brokers, kills: kills ?? 1_000 },
    seed: seed ?? randomBytes(4).toString('hex'),
    date: new Date().toISOString().slice(0, 10),
    node: process.versions.node,
    cpus: cpus().length,
    ...{ settings: {}, rounds: [], unfinished: [] },
  };
}

/** Undefined where there is no such file; one that an older version wrote is an error. */
export async function readProgress(path: string): Promise<Progress | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const { data, error } = Progress.safeParse(JSON.parse(text));
  if (error) throw new Error(`${path} is of another version, start anew: ${z.prettifyError(error)}`);
  return data;
}

/** Whole or not at all, also when this process is ended meanwhile. */
export async function writeProgress(path: string, progress: Progress): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, `${JSON.stringify(progress, null, 2)}\n`);
  await rename(`${path}.new`, path);
}

export const killsIn = ({ rounds }: Progress): number =>
  rounds.reduce((sum, { kills }) => sum + kills.length, 0);

/** What everything random of a round comes from. */
export const seedOf = ({ seed }: Progress, round: number): string => `${seed}/${round}`;
