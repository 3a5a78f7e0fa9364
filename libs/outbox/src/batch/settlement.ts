import type { Delivery, Ending, GroupSettings, Outcome, Problem } from '@taskwire/messaging';
import { type NewEnding, storeEndings } from '../inbox/endings.js';
import type { ParkedLimit } from '../parked/parked-limit.js';
import { type Failure, type NewParked, park, type ParkedState } from '../parked/park.js';
import type { SqlTransaction } from '../sql/executor.js';

/** Keys that something of this batch stopped: what comes later on them waits too. */
export type Stopped = 'failed' | 'parked';

/** What a batch comes to, collected while it runs and stored at its end. */
export class Settlement {
  readonly outcomes = new Map<Delivery, Outcome>();
  readonly #endings: NewEnding[] = [];
  readonly #parks: NewParked[] = [];

  constructor(
    private readonly group: GroupSettings,
    private readonly firstRetryMs: number,
    /** Shared by all transactions of one batch. */
    private readonly stopped: Map<string, Stopped>,
  ) {}

  stoppedBy(delivery: Delivery): Stopped | undefined {
    const lane = laneOf(delivery);
    return lane === null ? undefined : this.stopped.get(lane);
  }

  end(delivery: Delivery, ending: Ending, reply: unknown, problem: Problem | null = null): void {
    this.#endings.push({ message: delivery.message, ending, reply, problem });
    this.outcomes.set(delivery, { kind: 'ended', ending, reply, problem, repeated: false });
  }

  /** To be run again soon; what comes later on its key is held back with it. */
  again(delivery: Delivery, error: unknown): void {
    this.#stop(delivery, 'failed');
    this.outcomes.set(delivery, { kind: 'again', error });
  }

  wait(delivery: Delivery): void {
    this.#park(delivery, 'waiting', null, 0);
  }

  /** The last quick attempt failed. A command's caller is told; an event is tried again later, ahead of its key. */
  fail(delivery: Delivery, failure: Failure): void {
    if (delivery.message.kind === 'command') this.failCommand(delivery, { code: 'failed' }, failure);
    else this.#park(delivery, 'retry', failure, 1);
  }

  /** No later attempt can succeed. */
  die(delivery: Delivery, failure: Failure, code = 'failed'): void {
    if (delivery.message.kind === 'command') this.failCommand(delivery, { code }, failure);
    else this.#park(delivery, 'dead', failure, 1);
  }

  failCommand(delivery: Delivery, problem: Problem, failure: Failure): void {
    this.end(delivery, 'failed', null, problem);
    this.#parks.push({ delivery, key: null, state: 'dead', delayMs: null, attempts: 1, failure });
  }

  async storeParked(tx: SqlTransaction, limit: ParkedLimit): Promise<void> {
    if (this.#parks.length === 0) return;
    await limit.check(tx, this.group.subscriber);
    await park(tx, this.group.subscriber, this.#parks);
  }

  /** Last but for the outgoing rows: fewer endings than expected roll everything back. */
  storeEndings(tx: SqlTransaction): Promise<void> {
    return storeEndings(tx, this.group.subscriber, this.#endings);
  }

  #park(delivery: Delivery, state: ParkedState, failure: Failure | null, attempts: number): void {
    const key = this.#blockedKey(delivery, state);
    const delayMs = state === 'retry' ? this.firstRetryMs : null;
    this.#parks.push({ delivery, key, state, delayMs, attempts, failure });
    this.outcomes.set(delivery, { kind: 'parked', state });
    if (key !== null) this.#stop(delivery, 'parked');
  }

  #blockedKey({ message, fault }: Delivery, state: ParkedState): string | null {
    if (fault?.code === 'undecodable') return null;
    return state === 'dead' && this.group.afterDead === 'continue' ? null : message.key;
  }

  #stop(delivery: Delivery, by: Stopped): void {
    const lane = laneOf(delivery);
    if (lane !== null) this.stopped.set(lane, by);
  }
}

/** The key within its topic; null when the message is handled without regard to order. */
function laneOf({ message }: Delivery): string | null {
  return message.key === null ? null : `${message.topic}\0${message.key}`;
}
