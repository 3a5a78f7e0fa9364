import { setTimeout as sleep } from 'node:timers/promises';
import { Consumer } from '@platformatic/kafka';
import { pauseBefore, RECONNECT_BACKOFF } from '../../../delivery/backoff.js';
import type { KafkaRecord } from '../codec.js';
import type { Outage } from '../outage.js';
import { FETCH_BYTES, FETCH_WAIT_MS, PARTITION_FETCH_BYTES, type Settings } from '../settings.js';
import { baseOptions, closeQuietly, cut, watched } from './client.js';
import { type FetchResponse, recordsOf } from './records.js';

const OFFSET_OUT_OF_RANGE = 1;
const EARLIEST = -2n;
const LATEST = -1n;

/** Reads one partition from `next` on. */
export interface FetchCursor {
  /** The name on the broker. */
  readonly topic: string;
  readonly partition: number;
  readonly next: bigint;
  /** Whether it takes records now; one that does not is left out. */
  readonly isWanted: boolean;
  receive(records: readonly KafkaRecord[], next: bigint): void;
  /** The log has nothing at `next`: it begins at `low` and ends at `end`. */
  outOfRange(low: bigint, end: bigint): void;
}

type FetchTopics = Parameters<Consumer['fetch']>[0]['topics'];

/** Reads partitions without a group. One request at a time for each broker, because a fetch session allows no more. */
export class Fetcher {
  readonly client: Consumer;
  readonly #cursors = new Set<FetchCursor>();
  readonly #end = new AbortController();
  #running: Promise<void> | undefined;
  #wake: () => void = () => undefined;
  #wasLost = false;

  constructor(
    settings: Settings,
    private readonly outage: Outage,
    /** The connection was lost and is back. */
    private readonly recovered: () => void = () => undefined,
  ) {
    // A group id is demanded, but only joining makes a group.
    this.client = watched(new Consumer({ ...baseOptions(settings, false), groupId: settings.clientId }));
    this.client.on('client:broker:disconnect', () => {
      this.#wasLost = true;
    });
  }

  add(cursor: FetchCursor): void {
    this.#cursors.add(cursor);
    if (!this.client.topics.current.includes(cursor.topic)) this.client.topics.track(cursor.topic);
    this.#running ??= this.#run();
    this.#wake();
  }

  remove(cursor: FetchCursor): void {
    this.#cursors.delete(cursor);
  }

  /** A cursor may be wanted again. */
  wake(): void {
    this.#wake();
  }

  async close(): Promise<void> {
    this.#stop();
    await closeQuietly(this.client);
    await this.#running;
  }

  abort(): void {
    this.#stop();
    cut(this.client);
  }

  #stop(): void {
    this.#cursors.clear();
    this.#end.abort();
    this.#wake();
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#end.signal.aborted) {
      const wanted = [...this.#cursors].filter((cursor) => cursor.isWanted);
      if (wanted.length === 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      try {
        await this.#fetch(wanted, failures > 0);
        failures = 0;
        this.outage.ended();
        if (this.#wasLost && !this.#end.signal.aborted) this.recovered();
        this.#wasLost = false;
      } catch (error) {
        if (this.#end.signal.aborted) return;
        failures += 1;
        this.#wasLost = true;
        if (failures > 1) this.outage.began(error);
        await this.#pause(failures);
      }
    }
  }

  async #pause(failures: number): Promise<void> {
    const ms = pauseBefore(failures, RECONNECT_BACKOFF) * (0.5 + Math.random() / 2);
    await sleep(ms, undefined, { signal: this.#end.signal }).catch(() => undefined);
  }

  async #fetch(wanted: readonly FetchCursor[], isRepeat: boolean): Promise<void> {
    const topics = [...new Set(wanted.map((cursor) => cursor.topic))];
    const metadata = await this.client.metadata({ topics, forceUpdate: isRepeat });
    const placed = wanted.map((cursor) => {
      const topic = metadata.topics.get(cursor.topic);
      return { cursor, id: topic?.id ?? '', leader: topic?.partitions[cursor.partition]?.leader ?? -1 };
    });
    const requests = [...Map.groupBy(placed, ({ leader }) => leader)].map(async ([node, list]) => {
      const byTopic = Map.groupBy(list, ({ id }) => id);
      const request = [...byTopic].map(([topicId, of]) => ({
        topicId,
        partitions: of.map(({ cursor }) => requestOf(cursor)),
      }));
      const find = (id: string, partition: number): FetchCursor | undefined =>
        byTopic.get(id)?.find(({ cursor }) => cursor.partition === partition)?.cursor;
      this.#receive(await this.#request(node, request, find), find);
    });
    const failed = (await Promise.allSettled(requests)).find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  async #request(
    node: number,
    topics: FetchTopics,
    find: (id: string, partition: number) => FetchCursor | undefined,
  ): Promise<FetchResponse> {
    try {
      return await this.client.fetch({
        node,
        maxWaitTime: FETCH_WAIT_MS,
        minBytes: 1,
        maxBytes: FETCH_BYTES,
        isolationLevel: 0,
        topics,
      });
    } catch (error) {
      const response = (error as { response?: FetchResponse }).response;
      const stray = (response?.responses ?? []).flatMap(({ topicId, partitions }) =>
        partitions
          .filter(({ errorCode }) => errorCode === OFFSET_OUT_OF_RANGE)
          .map(({ partitionIndex }) => find(topicId, partitionIndex)),
      );
      for (const cursor of stray) if (cursor) await this.#reset(cursor);
      throw error;
    }
  }

  async #reset(cursor: FetchCursor): Promise<void> {
    const [low, end] = await Promise.all([this.offset(cursor, EARLIEST), this.offset(cursor, LATEST)]);
    if (cursor.next < low || cursor.next > end) cursor.outOfRange(low, end);
  }

  async offset(cursor: Pick<FetchCursor, 'topic' | 'partition'>, timestamp: bigint): Promise<bigint> {
    const { topic, partition } = cursor;
    const partitions = { [topic]: [partition] };
    const offsets = await this.client.listOffsets({
      topics: [topic],
      partitions,
      timestamp,
      isolationLevel: 0,
    });
    return offsets.get(topic)?.[partition] ?? 0n;
  }

  #receive(
    { responses }: FetchResponse,
    find: (id: string, partition: number) => FetchCursor | undefined,
  ): void {
    for (const { topicId, partitions } of responses) {
      for (const { partitionIndex, records } of partitions) {
        const cursor = find(topicId, partitionIndex);
        if (!cursor || !this.#cursors.has(cursor) || !records || records.length === 0) continue;
        const { list, next } = recordsOf(cursor, records);
        if (next > cursor.next) cursor.receive(list, next);
      }
    }
  }
}

const requestOf = (cursor: FetchCursor): FetchTopics[number]['partitions'][number] => ({
  partition: cursor.partition,
  fetchOffset: cursor.next,
  partitionMaxBytes: PARTITION_FETCH_BYTES,
  currentLeaderEpoch: -1,
  lastFetchedEpoch: -1,
});
