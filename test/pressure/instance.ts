import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Topology } from '@taskwire/messaging';

const LIMIT_MS = 60_000;

export interface InstanceTask {
  readonly bus: string;
  /** Of its driver. */
  readonly options: object;
  readonly topology: Topology;
  readonly task:
    | { readonly read: { readonly group: string; readonly batchSize: number; readonly batchMs: number } }
    | { readonly send: { readonly senders: number; readonly batchSize: number; readonly bytes: number } };
}

/** What an instance has done since its start. */
export interface InstanceReport {
  /** Of its heap after a collection, with its buffers. */
  readonly bytes: number;
  readonly handled: number;
  /** Of these, those that came again. */
  readonly repeated: number;
  /** That it holds now. */
  readonly partitions: number;
  /** The fewest that it held at a time, since it held all. */
  readonly fewestPartitions: number;
  readonly lag: number;
  readonly confirmed: number;
  /** Why sends failed. */
  readonly refused: readonly string[];
}

/** An instance in a process of its own. */
export class Instance {
  private constructor(private readonly child: ChildProcess) {}

  static async start(task: InstanceTask): Promise<Instance> {
    const child = fork(join(import.meta.dirname, 'read-or-send.js'), [JSON.stringify(task)], {
      execArgv: ['--expose-gc'],
    });
    const instance = new Instance(child);
    await instance.#answer();
    return instance;
  }

  async report(): Promise<InstanceReport> {
    this.child.send('report');
    return (await this.#answer()) as InstanceReport;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  async #answer(): Promise<unknown> {
    const end = new AbortController();
    const signal = AbortSignal.any([end.signal, AbortSignal.timeout(LIMIT_MS)]);
    const died = once(this.child, 'exit', { signal }).then(([code]) => {
      throw new Error(`the instance ended with ${String(code)}`);
    });
    try {
      const [answer] = (await Promise.race([once(this.child, 'message', { signal }), died])) as [unknown];
      return answer;
    } finally {
      end.abort();
      await died.catch(() => undefined);
    }
  }
}
