import { readdirSync, readFileSync } from 'node:fs';

/** Of Linux on every usual machine (`getconf CLK_TCK`). */
const TICKS_PER_SECOND = 100;

interface ProcessTimes {
  readonly parent: number;
  readonly command: string;
  readonly ms: number;
}

/** What processes have used of the cores so far, in ms; undefined where there is no /proc. */
export interface CpuTimes {
  /** One process. */
  of(pid: number): number;
  /** Those whose command line holds the text, and their children: servers that are known by their folder. */
  ofServers(text: string): number;
}

/** Less sensitive to other work on the machine than times are. */
export function cpuTimes(): CpuTimes | undefined {
  const all = readAll();
  if (!all) return undefined;
  return {
    of: (pid) => all.get(pid)?.ms ?? 0,
    ofServers: (text) => {
      const isOf = (one: ProcessTimes | undefined) => one?.command.includes(text) === true;
      const found = [...all.values()].filter((one) => isOf(one) || isOf(all.get(one.parent)));
      return found.reduce((sum, { ms }) => sum + ms, 0);
    },
  };
}

function readAll(): Map<number, ProcessTimes> | undefined {
  const all = new Map<number, ProcessTimes>();
  try {
    for (const name of readdirSync('/proc')) {
      if (/^\d+$/.test(name)) readOne(Number(name), all);
    }
  } catch {
    return undefined;
  }
  return all;
}

function readOne(pid: number, all: Map<number, ProcessTimes>): void {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may hold anything; then: state, parent, ..., user and system time as 14th and 15th of all.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    all.set(pid, { parent: Number(fields[1]), command, ms: (ticks / TICKS_PER_SECOND) * 1_000 });
  } catch {
    // It has ended meanwhile.
  }
}
