import type { ChannelModel } from 'amqplib';
import type { GroupLag } from '../../driver.js';
import { withChannel } from './channel.js';
import type { Lease } from './lease.js';
import type { GroupQueue } from './topology.js';

/**
 * How far the groups are behind, as one instance can know it: what waits in the queues, and what was delivered here and is
 * not acknowledged. Ages are those of messages here, and for a queue that nobody reads, since it was first seen so.
 */
export class LagReader {
  readonly #abandonedSince = new Map<string, number>();

  async read(
    model: ChannelModel,
    queues: readonly GroupQueue[],
    leaseOf: (queue: GroupQueue) => Lease | undefined,
  ): Promise<readonly GroupLag[]> {
    return withChannel(model, async (channel) => {
      const states = await Promise.all(
        queues.map(async (queue) => ({ queue, state: await channel.checkQueue(queue.name) })),
      );
      const rows = new Map<string, { group: string; topic: string; messages: number; oldestAgeMs: number }>();
      for (const { queue, state } of states) {
        const { messageCount, consumerCount } = state;
        const { group, topic, name } = queue;
        const here = leaseOf(queue)?.unacknowledged ?? [];
        const row = rows.get(`${group}\0${topic}`) ?? { group, topic, messages: 0, oldestAgeMs: 0 };
        row.messages += messageCount + here.length;
        const age = Math.max(ageOf(here[0]?.position), this.#abandonedFor(name, messageCount, consumerCount));
        row.oldestAgeMs = Math.max(row.oldestAgeMs, age);
        rows.set(`${group}\0${topic}`, row);
      }
      return [...rows.values()];
    });
  }

  #abandonedFor(queue: string, messages: number, consumers: number): number {
    if (messages === 0 || consumers > 0) {
      this.#abandonedSince.delete(queue);
      return 0;
    }
    const since = this.#abandonedSince.get(queue) ?? performance.now();
    this.#abandonedSince.set(queue, since);
    return performance.now() - since;
  }
}

/** A position is the time of sending in microseconds, unless a foreign publisher sent the message. */
function ageOf(position: string | undefined): number {
  const sent = Number(position);
  return Number.isFinite(sent) ? Math.max(0, Date.now() - sent / 1_000) : 0;
}
