import type { ChannelModel } from 'amqplib';
import type { DriverHealth } from '../../driver.js';
import { messageOf, orFail, withChannel } from './channel.js';
import type { GroupQueue } from './topology.js';

const KEEP_MS = 5_000;
const TIMEOUT_MS = 3_000;

/** Whether every declared queue is there: publishing tells only when the last queue of a partition is gone. */
export class QueueCheck {
  #last: { readonly at: number; readonly health: DriverHealth } | undefined;

  /** Asks the broker at most every 5 s. */
  async health(model: ChannelModel, queues: readonly GroupQueue[]): Promise<DriverHealth> {
    if (this.#last && performance.now() - this.#last.at < KEEP_MS) return this.#last.health;
    const health = await check(model, queues);
    this.#last = { at: performance.now(), health };
    return health;
  }
}

async function check(model: ChannelModel, queues: readonly GroupQueue[]): Promise<DriverHealth> {
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
