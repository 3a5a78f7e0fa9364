import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  /** What it has printed so far. */
  printed(): string;
  /** Sends SIGTERM and waits for the end. */
  stop(): Promise<Ended>;
}

export interface Place {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

const LIMIT_MS = 90_000;

/** The environment of a user: nothing of Jest, nor of the npm that runs it. */
function userEnvironment(): NodeJS.ProcessEnv {
  const ours =
    /^(NODE_OPTIONS|NODE_ENV|JEST_.*|INIT_CWD|npm_(package|lifecycle|command|config_local_prefix|config_node_options).*)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

/** Runs a program to its end, at most 90 s. */
export function run(program: string, args: readonly string[], place: Place): Promise<Ended> {
  return launch(program, args, place).ended;
}

export function start(program: string, args: readonly string[], place: Place): Started {
  const { child, ended, printed } = launch(program, args, place);
  return {
    printed,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

function launch(program: string, args: readonly string[], { cwd, env }: Place) {
  const child = spawn(program, args, {
    cwd,
    env: { ...userEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { child, ended, printed: () => stdout };
}

/** Runs a program that has to succeed; answers what it printed. */
export async function succeed(program: string, args: readonly string[], place: Place): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, place);
  if (code === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')} ended with ${String(code)}:\n${stdout}${stderr}`);
}
