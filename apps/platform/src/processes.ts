import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

function ps(pid: number, column: string): string {
  return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], {
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim();
}

function orUndefined(read: () => string): string | undefined {
  try {
    return read() || undefined;
  } catch {
    return undefined;
  }
}

/** The command line of a process; undefined once it has ended, also while nobody has collected its exit code. */
export function commandLine(pid: number): string | undefined {
  return orUndefined(() =>
    process.platform === 'linux'
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      : ps(pid, 'command'),
  );
}

/** The command lines of all processes that this user may see. */
export function commandLines(): string[] {
  if (process.platform !== 'linux') {
    return execFileSync('ps', ['-axo', 'command='], { encoding: 'utf8' }).split('\n');
  }
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.flatMap((pid) => commandLine(pid) ?? []);
}

const STATE = 0;
const START_TIME = 19;

function linuxStart(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold spaces: count the fields behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[STATE] === 'Z') return '';
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[START_TIME]}`;
}

/** When a process started: with its pid it names a process for good, whereas a pid alone is used again. */
export function startOf(pid: number): string | undefined {
  return orUndefined(() => (process.platform === 'linux' ? linuxStart(pid) : ps(pid, 'lstart')));
}
