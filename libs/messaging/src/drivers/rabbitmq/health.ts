import type { ChannelModel } from 'amqplib';
import type { DriverHealth } from '../../driver.js';
import { withinMs } from '../../delivery/within.js';
import { messageOf, orFail, withChannel } from './channel.js';
import type { GroupQueue } from './topology.js';

const KEEP_MS = 5_000;
/** What was found last is told meanwhile. */
const PATIENCE_MS = 1_000;
const TIMEOUT_MS = 10_000;

/** Whether every declared queue is there: publishing tells only when the last queue of a partition is gone. */
export class QueueCheck {
  #last: { readonly at: number; readonly health: DriverHealth } | undefined;
  #running: { readonly model: ChannelModel; readonly check: Promise<DriverHealth> } | undefined;

  /** Asks the broker at most every 5 s, once at a time; a slow one is waited for 1 s, if an earlier answer is there. */
  async health(model: ChannelModel, queues: readonly GroupQueue[]): Promise<DriverHealth> {
    if (this.#last && performance.now() - this.#last.at < KEEP_MS) return this.#last.health;
    const check = this.#check(model, queues);
    if (this.#last && !(await withinMs(check, PATIENCE_MS))) return this.#last.health;
    return check;
  }

  #check(model: ChannelModel, queues: readonly GroupQueue[]): Promise<DriverHealth> {
    if (this.#running?.model === model) return this.#running.check;
    const running = { model, check: look(model, queues) };
    this.#running = running;
    void running.check.then((health) => {
      if (this.#running !== running) return;
      this.#running = undefined;
      this.#last = { at: performance.now(), health };
    });
    return running.check;
  }
}

async function look(model: ChannelModel, queues: readonly GroupQueue[]): Promise<DriverHealth> {
  const checks = withChannel(model, (channel) =>
    Promise.all(queues.map(({ name }) => channel.checkQueue(name))),
  );
  try {
    await orFail(checks, TIMEOUT_MS, 'asking the broker for the queues');
    return { up: true };
  } catch (error) {
    return {
      up: false,
      detail: `a queue is missing or does not answer (${messageOf(error)}): declare the topology again`,
    };
  }
}

export const leaderless = (queue: string): string =>
  `the queue ${queue} has no leader, or no majority of its nodes, and can't be read: start its nodes; a node alone, restart`;
