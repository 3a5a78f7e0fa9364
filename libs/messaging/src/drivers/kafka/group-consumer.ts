import { withinMs } from '../../delivery/within.js';
import type { Consumer } from '../../driver.js';
import type { GroupWork } from './group-work.js';

const CLOSE_DEADLINE_MS = 10_000;
/** Of a close the part that what runs may take; the rest is for leaving the group. */
const DRAIN_SHARE = 0.8;

/** How a client takes part in a group, which brings work and takes it away. */
export interface GroupSession {
  readonly work: GroupWork;
  /** Resolves when the group has this member; rejects when it can't be joined within the time. */
  join(): Promise<void>;
  /** Takes no new partitions from now on. */
  stop(): void;
  /** Leaves the group: the others get its partitions at once. */
  leave(): Promise<void>;
  /** As when the process dies. */
  abort(): void;
}

/** One group's partitions on this instance. */
export class GroupConsumer implements Consumer {
  #closing: Promise<void> | undefined;

  constructor(
    readonly group: string,
    private readonly session: GroupSession,
    private readonly left: (consumer: GroupConsumer) => void,
  ) {}

  async join(): Promise<void> {
    await this.session.join();
  }

  partitions(): ReadonlyMap<string, readonly number[]> {
    const byName = Map.groupBy(this.session.work.owned, ({ name }) => name);
    return new Map([...byName].map(([name, list]) => [name, list.map(({ partition }) => partition)]));
  }

  pause(): void {
    this.session.work.pause();
  }

  resume(): void {
    this.session.work.resume();
  }

  close(deadlineMs = CLOSE_DEADLINE_MS): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  abort(): void {
    this.#closing ??= Promise.resolve();
    this.session.work.abort();
    this.session.abort();
    this.left(this);
  }

  async #close(deadlineMs: number): Promise<void> {
    const end = performance.now() + deadlineMs;
    this.session.stop();
    await this.session.work.close(deadlineMs * DRAIN_SHARE);
    this.session.work.lose(this.session.work.owned);
    if (!(await withinMs(this.session.leave(), end - performance.now()))) this.session.abort();
    this.left(this);
  }
}
