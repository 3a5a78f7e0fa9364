import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface AppProcess {
  /** How often it was started again. */
  restarts(): number;
  /** Arms a named point for that kill of its app, or none with ''; the process ends itself when it comes there first. */
  arm(point: string, kill: number): void;
  /** Ends it for good: SIGTERM, and SIGKILL after ten seconds. */
  stop(): Promise<void>;
}

export interface AppOptions {
  /** Of the app, which its instances share. */
  readonly name: string;
  readonly instance: string;
  readonly env: NodeJS.ProcessEnv;
  /** Folder for the process's output and the points at which those of its app ended. */
  readonly folder: string;
  /** Hears how it ended other than by SIGKILL. */
  readonly onExit: (how: string) => void;
  /** A bug that it is to have. */
  readonly planted?: string | undefined;
}

const root = join(import.meta.dirname, '..', '..');
const KILL_AT = join(import.meta.dirname, 'kill-at.js');
const PLANT = join(import.meta.dirname, 'plant.js');

/** Before the number of each kill, the file that tells of it. */
export const killsOf = (folder: string, name: string): string => join(folder, `${name}.kill`);

/** Keeps one app running in a process of its own: whenever it ends, it is started again, as a supervisor would. */
export function supervise({ name, instance, env, folder, onExit, planted }: AppOptions): AppProcess {
  const output = openSync(join(folder, `${instance}.log`), 'a');
  let child: ChildProcess;
  let starts = 0;
  let stopping = false;

  const start = () => {
    if (stopping) return;
    starts += 1;
    const preloads = [KILL_AT, ...(planted === undefined ? [] : [PLANT])];
    const imports = preloads.flatMap((path) => ['--import', path]);
    child = spawn(process.execPath, [...imports, join(root, `apps/${name}/dist/main.js`)], {
      cwd: folder,
      env: { ...env, KILLS: killsOf(folder, name), PLANTED: planted },
      stdio: ['ignore', output, output, 'ipc'],
    });
    child.on('exit', (code, signal) => {
      if (stopping) return;
      if (signal !== 'SIGKILL') onExit(`${instance} ended with ${signal ?? code}`);
      setTimeout(start, 50);
    });
    child.on('error', () => {});
  };
  start();

  return {
    restarts: () => starts - 1,
    arm: (point, kill) => {
      if (child.connected) child.send({ arm: point, kill }, () => {});
    },
    stop: async () => {
      stopping = true;
      const ended = new Promise<void>((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) resolve();
        else child.once('exit', () => resolve());
      });
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(late);
    },
  };
}

/**
 * Waits until `check` answers true. What it answers or throws instead says what is missing: it is in the error when that
 * takes longer than `limitMs`.
 */
export async function until(
  what: string,
  check: () => Promise<true | false | string>,
  limitMs: number,
): Promise<void> {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = await check().catch((error: unknown) => String(error));
    if (found === true) return;
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${what} (${String(found)})`);
    await sleep(50);
  }
}
