import { setTimeout as delay } from 'node:timers/promises';
import type { Notification } from '@taskwire/contracts';
import { SingleFlight } from '@taskwire/messaging';
import type { FeedReader } from './feed-reader.js';
import { frameOf, resetFrame, type ResetReason } from './frame.js';
import type { Admission } from './tickets.js';
import type { CloseReason, Transport } from './transport.js';

const MAX_BUFFERED_BYTES = 1024 * 1024;
/** Entries that may come while the feed is read; more are read from the feed instead. */
const MAX_HELD = 1_000;
/** Entries that a client gets again; who missed more reads what it shows as at its start. */
const MOST_MISSED = 5_000;
const DRAIN_TIMEOUT_MS = 10_000;
const READ_RETRIES_MS = [500, 2_000, 5_000];

/**
 * One client's view of its user's feed, without gap or duplicate: it takes pushed entries from the start, reads what it
 * missed, then goes on with what was pushed meanwhile. A gap in the numbers is read again; what the feed can't fill is told
 * by a reset.
 */
export class LiveConnection {
  private readonly held = new Map<number, Notification>();
  private readonly reading = new SingleFlight(
    () => this.readMissing(),
    () => this.close('unavailable'),
  );
  private closed = false;

  constructor(
    readonly admission: Admission,
    private readonly transport: Transport,
    private readonly feed: FeedReader,
    /** The last entry that the client has. */
    private last: number,
    private readonly retriesMs: readonly number[] = READ_RETRIES_MS,
  ) {
    transport.onClosed(() => (this.closed = true));
    transport.position(last);
  }

  /** Bytes that the client has not taken yet. */
  get buffered(): number {
    return this.transport.buffered;
  }

  push(entry: Notification): void {
    if (entry.number <= this.last) return;
    if (!this.reading.running && entry.number === this.last + 1) return this.send(entry);
    const isHeld = this.held.size < MAX_HELD;
    if (isHeld) this.held.set(entry.number, entry);
    if (!isHeld || !this.reading.running) this.reading.poke();
  }

  /** Reads what is missing. Never rejects: a feed that can't be read closes the connection, and the client comes back. */
  catchUp(): Promise<void> {
    if (!this.closed) this.reading.poke();
    return this.reading.idle();
  }

  beat(): void {
    this.transport.beat();
    this.closeWhenSlow();
  }

  close(reason: CloseReason): void {
    if (this.closed) return;
    this.closed = true;
    this.transport.close(reason);
  }

  private async readMissing(): Promise<void> {
    if (this.closed) return;
    const newestHeld = Math.max(0, ...this.held.keys());
    await this.retry(() => this.readFeed());
    this.releaseHeld(newestHeld);
  }

  private async readFeed(): Promise<void> {
    for (let more = true; more && !this.closed;) {
      const page = await this.feed.read(this.admission.userId, this.last);
      if (page.last - this.last > MOST_MISSED) return this.reset(page.last, 'behind');
      for (const entry of page.entries) this.sendInOrder(entry);
      more = page.more;
      if (page.last < this.last) this.reset(page.last, 'ahead');
      else if (page.last > this.last && !more) this.reset(page.last, 'gone');
      await this.drained();
    }
  }

  /** Entries are in the feed before they are pushed: what the read began after and didn't bring is no longer there. */
  private releaseHeld(newestBeforeRead: number): void {
    for (const entry of [...this.held.values()].sort((a, b) => a.number - b.number)) {
      if (entry.number > this.last + 1 && entry.number > newestBeforeRead) {
        this.reading.poke();
        return;
      }
      this.held.delete(entry.number);
      this.sendInOrder(entry);
    }
  }

  private sendInOrder(entry: Notification): void {
    if (entry.number <= this.last) return;
    if (entry.number > this.last + 1) this.reset(entry.number - 1, 'gone');
    this.send(entry);
  }

  private reset(id: number, reason: ResetReason): void {
    if (this.closed) return;
    this.last = id;
    this.transport.send(resetFrame(id, reason));
  }

  private send(entry: Notification): void {
    if (this.closed) return;
    this.last = entry.number;
    this.transport.send(frameOf(entry));
    this.closeWhenSlow();
  }

  private closeWhenSlow(): void {
    if (this.transport.buffered > MAX_BUFFERED_BYTES) this.close('slow');
  }

  private async drained(): Promise<void> {
    const timeout = new AbortController();
    const late = delay(DRAIN_TIMEOUT_MS, 'late', { signal: timeout.signal, ref: false }).catch(
      () => undefined,
    );
    if ((await Promise.race([this.transport.drained(), late])) === 'late') this.close('slow');
    timeout.abort();
  }

  private async retry(read: () => Promise<void>): Promise<void> {
    for (const waitMs of this.retriesMs) {
      if (this.closed) return;
      try {
        return await read();
      } catch {
        await delay(waitMs, undefined, { ref: false });
      }
    }
    if (!this.closed) await read();
  }
}
