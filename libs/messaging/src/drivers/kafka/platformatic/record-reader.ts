import { Consumer } from '@platformatic/kafka';
import type { Settings } from '../settings.js';
import { baseOptions, closeQuietly, cut, watched } from './client.js';
import { firstTimestamp } from './records.js';

/** Enough for the head of a record batch; the broker gives the first batch whole, however large. */
const LOOK_BYTES = 1;

/** Looks at single records, one at a time. */
export class RecordReader {
  readonly #client: Consumer;
  #last: Promise<unknown> = Promise.resolve();

  constructor(settings: Settings) {
    this.#client = watched(new Consumer({ ...baseOptions(settings, false), groupId: settings.clientId }));
  }

  /** When the record at or after an offset was written; undefined when there is none. */
  timestampAt(topic: string, partition: number, offset: bigint): Promise<number | undefined> {
    const look = this.#last.then(() => this.#timestampAt(topic, partition, offset));
    this.#last = look.catch(() => undefined);
    return look;
  }

  async close(): Promise<void> {
    await closeQuietly(this.#client);
  }

  abort(): void {
    cut(this.#client);
  }

  async #timestampAt(topic: string, partition: number, offset: bigint): Promise<number | undefined> {
    const { topics } = await this.#client.metadata({ topics: [topic] });
    const found = topics.get(topic);
    const leader = found?.partitions[partition]?.leader;
    if (!found || leader === undefined) return undefined;
    if (!this.#client.topics.current.includes(topic)) this.#client.topics.track(topic);
    const { responses } = await this.#client.fetch({
      node: leader,
      maxWaitTime: 0,
      minBytes: 0,
      maxBytes: LOOK_BYTES,
      isolationLevel: 0,
      topics: [
        {
          topicId: found.id,
          partitions: [
            {
              partition,
              fetchOffset: offset,
              partitionMaxBytes: LOOK_BYTES,
              currentLeaderEpoch: -1,
              lastFetchedEpoch: -1,
            },
          ],
        },
      ],
    });
    const records = responses[0]?.partitions[0]?.records;
    return records ? firstTimestamp(offset, records) : undefined;
  }
}
