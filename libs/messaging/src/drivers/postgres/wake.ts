import { SingleFlight } from '../../delivery/single-flight.js';
import type { Link } from './connection.js';

/** Channels of topics begin so: what an instance doesn't read must not wake it. */
export const TOPIC_CHANNEL = 'bus_topic_';
const MOST_IDS = 800;
/** Only a busy publisher notices: the first one after a pause is told at once. */
const EVERY_MS = 5;

/**
 * Tells all instances which partitions have grown: after the commit, in a statement of its own, one in flight. A
 * transaction that notifies holds a lock of the whole cluster until it is flushed. A lost one costs a poll, no message.
 */
export class Waker {
  readonly #parts = new Set<number>();
  readonly #flight: SingleFlight;

  /** `channelOf`: the channel of a partition's topic. */
  constructor(link: Link, channelOf: (part: number) => string) {
    const wake = async (): Promise<void> => {
      const parts = [...this.#parts].slice(0, MOST_IDS);
      for (const part of parts) this.#parts.delete(part);
      if (this.#parts.size > 0) this.#flight.poke();
      if (!link.isUp || parts.length === 0) return;
      const byChannel = Map.groupBy(parts, channelOf);
      await link.query(
        'wake',
        `select set_config('synchronous_commit', 'off', true), pg_notify(channel, parts)
         from unnest($1::text[], $2::text[]) w(channel, parts)`,
        [[...byChannel.keys()], [...byChannel.values()].map((ids) => ids.join(','))],
      );
    };
    this.#flight = new SingleFlight(wake, undefined, EVERY_MS);
  }

  appended(parts: Iterable<number>): void {
    for (const part of parts) this.#parts.add(part);
    this.#flight.poke();
  }
}
