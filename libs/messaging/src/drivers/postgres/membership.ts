import { pauseBefore, RECONNECT_BACKOFF } from '../../delivery/backoff.js';
import type { BroadcastConsumer, HeadRow } from './broadcast-consumer.js';
import type { Link } from './connection.js';
import type { GroupConsumer } from './group-consumer.js';
import type { OwnedPartition, OwnershipRow } from './owned-partition.js';
import type { Settings } from './settings.js';
import { messageOf } from './sql-state.js';

/** Of a lease's life the part in which its holder still starts work. */
const SAFE_SHARE = 0.8;
const DEAF_BEAT_MS = 100;
const BEAT = `select sub, part, epoch, "position", next, low, surplus from bus.beat($1, $2, make_interval(secs => $3::float8 / 1000))`;
const RELEASE = 'select bus.release($1, $2, $3, $4, $5, $6, $7)';

/** This instance's heartbeat: renews the lease, learns what it owns, polls. It also brings the connection back. */
export class Membership {
  readonly groups = new Set<GroupConsumer>();
  readonly broadcasts = new Set<BroadcastConsumer>();
  /** Nothing is heard on this connection: poll instead. */
  deaf = false;
  #deadline = 0;
  #timer: NodeJS.Timeout | undefined;
  #due = Infinity;
  #beating: Promise<void> | undefined;
  #failures = 0;
  #stopped = false;

  constructor(
    private readonly id: string,
    private readonly link: Link,
    private readonly settings: Settings,
    private readonly onPoll: () => void,
  ) {}

  /** Local and monotonic, counted from before the heartbeat was sent: a resumed process stops by itself. */
  isAlive(): boolean {
    return performance.now() < this.#deadline;
  }

  start(): void {
    this.beatSoon(this.settings.beatMs);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** A heartbeat in this time, or sooner where one was asked for: often what asks comes together with an answer. */
  beatSoon(ms = 0): void {
    const due = performance.now() + ms;
    if (this.#stopped || due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => void this.#tick(), ms);
  }

  /** A heartbeat now; rejects when it could not be made. One that runs already may not know what just changed. */
  async beat(): Promise<void> {
    while (this.#beating) await this.#beating.catch(() => undefined);
    this.#beating = this.#beat().finally(() => {
      this.#beating = undefined;
    });
    await this.#beating;
  }

  async release(partition: OwnedPartition): Promise<void> {
    await this.#release(this.#subs(), [partition.sub], [partition]);
  }

  async leave(consumer: GroupConsumer): Promise<void> {
    this.groups.delete(consumer);
    await this.#release(this.#subs(), consumer.subs, consumer.owned);
  }

  async #release(
    remaining: readonly number[],
    leaving: readonly number[],
    owned: readonly OwnedPartition[],
  ): Promise<void> {
    await this.link.query('release', RELEASE, [
      this.id,
      remaining,
      leaving,
      owned.map((p) => p.sub),
      owned.map((p) => p.part),
      owned.map((p) => p.epoch),
      owned.map((p) => p.done),
    ]);
  }

  async #tick(): Promise<void> {
    this.#due = Infinity;
    try {
      await this.beat();
      this.#failures = 0;
      this.beatSoon(this.deaf ? DEAF_BEAT_MS : this.settings.beatMs);
    } catch (fault) {
      this.#failures += 1;
      if (this.#failures === 1)
        this.settings.onWarning(`postgres bus: heartbeat failed: ${messageOf(fault)}`);
      this.beatSoon(pauseBefore(this.#failures, RECONNECT_BACKOFF));
    }
  }

  async #beat(): Promise<void> {
    const sent = performance.now();
    const subs = this.#subs();
    if (subs.length > 0) {
      const rows = await this.link.query<OwnershipRow & { sub: number }>('beat', BEAT, [
        this.id,
        subs,
        this.settings.ttlMs,
      ]);
      this.#deadline = sent + this.settings.ttlMs * SAFE_SHARE;
      for (const group of this.groups) group.apply(rows.filter((row) => group.subs.includes(row.sub)));
    }
    const parts = [...this.broadcasts].flatMap((broadcast) => broadcast.parts);
    if (parts.length > 0) {
      const heads = await this.heads(parts);
      for (const broadcast of this.broadcasts) broadcast.apply(heads);
    }
    if (subs.length + parts.length === 0) await this.link.query('ping', 'select 1');
    if (this.deaf) this.onPoll();
  }

  async heads(parts: readonly number[]): Promise<HeadRow[]> {
    return this.link.query<HeadRow & { id: number }>(
      'heads',
      'select id, next, low from bus.partition where id = any($1)',
      [parts],
    );
  }

  /** In one order for all instances, which keeps their claims from waiting for each other in a circle. */
  #subs(): number[] {
    return [...this.groups].flatMap((group) => group.subs).sort((a, b) => a - b);
  }
}
