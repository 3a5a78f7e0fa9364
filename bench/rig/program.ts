import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scope } from './scope.ts';

export interface ProgramOptions {
  readonly name: string;
  /** Below the repository. */
  readonly file: string;
  readonly args?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Where its output goes. */
  readonly folder: string;
  /** Options of node, such as `--cpu-prof`. */
  readonly node?: readonly string[];
}

export interface Program {
  readonly name: string;
  readonly child: ChildProcess;
  log(): string;
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, '..', '..');
const START_MS = 60_000;
const STOP_MS = 10_000;

/** A program in a process of its own, which ends with the scope, and with the bench however that ends. */
export function startProgram(
  scope: Scope,
  { name, file, args = [], env, folder, node = [] }: ProgramOptions,
): Program {
  const path = join(folder, `${name}.log`);
  const output = openSync(path, 'a');
  const child = spawn(
    process.execPath,
    [...node, '--import', join(import.meta.dirname, 'end-with-parent.js'), join(root, file), ...args],
    {
      cwd: folder,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', output, output, 'ipc'],
      serialization: 'advanced',
    },
  );
  closeSync(output);
  const exit = once(child, 'exit');
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await exit;
    clearTimeout(late);
  };
  scope.add(stop, () => child.kill('SIGKILL'));
  return { name, child, stop, log: () => readFileSync(path, 'utf8') };
}

/** Waits until `url` answers with success. Rejects with the program's output when it ends, or takes too long. */
export async function answers(program: Program, url: string): Promise<void> {
  const end = performance.now() + START_MS;
  for (;;) {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (response?.ok) return;
    refuseIfEnded(program, end);
    await sleep(50);
  }
}

/** The next message that the program sends. */
export async function messageOf<T>(program: Program, limitMs = START_MS): Promise<T> {
  const end = performance.now() + limitMs;
  let message: T | undefined;
  const heard = (sent: unknown) => (message = sent as T);
  program.child.once('message', heard);
  try {
    while (message === undefined) {
      refuseIfEnded(program, end);
      await sleep(5);
    }
    return message;
  } finally {
    program.child.off('message', heard);
  }
}

function refuseIfEnded({ name, child, log }: Program, end: number): void {
  if (child.exitCode === null && child.signalCode === null && performance.now() < end) return;
  const what = child.exitCode === null && child.signalCode === null ? 'does not answer' : 'has ended';
  throw new Error(`${name} ${what}:\n${log().slice(-3_000)}`);
}
