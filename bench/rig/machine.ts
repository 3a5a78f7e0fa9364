import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';

export interface Machine {
  readonly date: string;
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  /** Of the minute before the bench started: what else ran. */
  readonly loadBefore: number;
}

const [loadBefore = 0] = loadavg();

export function machine(): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    system: `${process.platform} ${release()}`,
    node: process.versions.node,
    loadBefore,
  };
}

export function describeMachine(of: Machine): string {
  const { date, commit, cpu, cores, memoryGb, system, node } = of;
  return `${date}, commit ${commit}, ${cores} cores (${cpu}), ${memoryGb} GB, ${system}, Node ${node}; brokers, database and load client on the same cores, load average ${of.loadBefore.toFixed(1)} before the start`;
}
