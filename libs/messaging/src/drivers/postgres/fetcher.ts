import { SingleFlight } from '../../delivery/single-flight.js';
import type { MessageRow } from './codec.js';
import type { Link } from './connection.js';

const PAGE_BYTES = 4 * 1024 ** 2;

/** Reads one partition of the log from `at` on. */
export interface LogCursor {
  readonly part: number;
  /** Number of the next message to read. */
  readonly at: number;
  /** How many messages it takes now; 0 while it shouldn't be read. */
  readonly room: number;
  /** The largest messages seen lately, in bytes: bounds the page. */
  readonly messageBytes: number;
  receive(rows: readonly MessageRow[]): void;
}

// The plan is kept, maybe from when the log was empty: that of each page by itself is right for a log of any size. Numbers
// have no holes, so the limit cuts nothing; it keeps the pages from being joined with the whole log.
const FETCH = /* sql */ `
select w.i::int as i, m.seq, m.key, m.headers, m.body
from unnest($1::int[], $2::bigint[], $3::int[]) with ordinality w(part, at, most, i)
cross join lateral (
  select seq, key, headers, body from bus.message
  where part = w.part and seq >= w.at and seq < w.at + w.most order by seq limit w.most
) m
order by w.i, m.seq`;

/** One statement at a time reads all partitions that have something and take something. */
export class Fetcher {
  readonly #cursors = new Map<number, Set<LogCursor>>();
  readonly #behind = new Set<LogCursor>();
  readonly #flight: SingleFlight;
  #stopped = false;

  constructor(
    private readonly link: Link,
    onFault: (fault: unknown) => void,
  ) {
    this.#flight = new SingleFlight(() => this.#fetch(), onFault);
  }

  add(cursor: LogCursor): void {
    const cursors = this.#cursors.get(cursor.part) ?? new Set();
    this.#cursors.set(cursor.part, cursors.add(cursor));
  }

  remove(cursor: LogCursor): void {
    this.#cursors.get(cursor.part)?.delete(cursor);
    this.#behind.delete(cursor);
  }

  /** Something was appended to these partitions. */
  appended(parts: Iterable<number>): void {
    for (const part of parts) for (const cursor of this.#cursors.get(part) ?? []) this.#behind.add(cursor);
    this.poke();
  }

  /** There is something to read for this cursor. */
  mark(cursor: LogCursor): void {
    this.#behind.add(cursor);
    this.poke();
  }

  /** A cursor may have room again. */
  poke(): void {
    if (this.#behind.size > 0 && !this.#stopped) this.#flight.poke();
  }

  stop(): void {
    this.#stopped = true;
  }

  async #fetch(): Promise<void> {
    const wanted = [...this.#behind]
      .map((cursor) => ({ cursor, most: Math.min(cursor.room, pageOf(cursor)) }))
      .filter(({ most }) => most > 0);
    if (wanted.length === 0 || this.#stopped) return;
    for (const { cursor } of wanted) this.#behind.delete(cursor);
    let rows: MessageRow[];
    try {
      rows = await this.link.query<MessageRow & { i: number }>('fetch', FETCH, [
        wanted.map(({ cursor }) => cursor.part),
        wanted.map(({ cursor }) => cursor.at),
        wanted.map(({ most }) => most),
      ]);
    } catch (fault) {
      for (const { cursor } of wanted)
        if (this.#cursors.get(cursor.part)?.has(cursor)) this.#behind.add(cursor);
      throw fault;
    }
    const pages = Map.groupBy(rows, (row) => row.i);
    wanted.forEach(({ cursor, most }, index) => {
      const page = pages.get(index + 1) ?? [];
      if (!this.#cursors.get(cursor.part)?.has(cursor)) return;
      if (page.length === most) this.#behind.add(cursor);
      if (page.length > 0) cursor.receive(page);
    });
    this.poke();
  }
}

const pageOf = (cursor: LogCursor): number => Math.max(1, Math.floor(PAGE_BYTES / cursor.messageBytes));
