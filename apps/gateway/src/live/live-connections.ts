import { SingleFlight } from '@taskwire/messaging';
import type { Appended } from './feed-source.js';
import type { LiveConnection } from './live-connection.js';
import type { CloseReason } from './transport.js';

export const MAX_CONNECTIONS_PER_USER = 10;
const BEAT_MS = 15_000;
const CHECK_MS = 1_000;
const READS_AT_ONCE = 20;
/** What waits for all clients together: far more than clients that read let wait. */
const MAX_BUFFERED_BYTES = 128 * 1024 * 1024;

/** Whether a session was ended before its access token expired. */
export type IsRevoked = (sessionId: string) => boolean;

export interface LiveConnectionsOptions {
  /** Connections at once. Default 10,000. */
  readonly most?: number;
  /** Bytes that may wait for all clients together. Default 128 MiB. */
  readonly maxBufferedBytes?: number;
  readonly beatMs?: number;
  readonly checkMs?: number;
}

/** The live connections of this gateway, by user. */
export class LiveConnections {
  private readonly byUser = new Map<string, Set<LiveConnection>>();
  private readonly timers: readonly NodeJS.Timeout[];
  private readonly seats = new Map<string, number>();
  private readonly most: number;
  private readonly maxBufferedBytes: number;
  private taken = 0;
  private readonly rereading = new SingleFlight(() => this.rereadAll());
  private draining = false;

  constructor(
    private readonly isRevoked: IsRevoked,
    options: LiveConnectionsOptions = {},
  ) {
    const { beatMs = BEAT_MS, checkMs = CHECK_MS } = options;
    this.most = options.most ?? 10_000;
    this.maxBufferedBytes = options.maxBufferedBytes ?? MAX_BUFFERED_BYTES;
    this.timers = [
      setInterval(() => this.each((connection) => connection.beat()), beatMs).unref(),
      setInterval(() => this.check(), checkMs).unref(),
    ];
  }

  /** Whether there is no place for anybody. */
  get full(): boolean {
    return this.draining || this.taken >= this.most;
  }

  /**
   * A place for one more connection of the user, taken at once, so that those who come at the same time don't get the same
   * one; undefined when there is none. The function gives it back, once.
   */
  takeSeat(userId: string): (() => void) | undefined {
    const taken = this.seats.get(userId) ?? 0;
    if (this.full || taken >= MAX_CONNECTIONS_PER_USER) return undefined;
    this.seats.set(userId, taken + 1);
    this.taken += 1;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.taken -= 1;
      const left = (this.seats.get(userId) ?? 0) - 1;
      if (left > 0) this.seats.set(userId, left);
      else this.seats.delete(userId);
    };
  }

  add(connection: LiveConnection): void {
    if (this.draining) return connection.close('shutdown');
    const { userId } = connection.admission;
    const connections = this.byUser.get(userId) ?? new Set();
    this.byUser.set(userId, connections.add(connection));
  }

  remove(connection: LiveConnection): void {
    const { userId } = connection.admission;
    const connections = this.byUser.get(userId);
    connections?.delete(connection);
    if (connections?.size === 0) this.byUser.delete(userId);
  }

  /** Those with a connection here. */
  users(): string[] {
    return [...this.byUser.keys()];
  }

  has(userId: string): boolean {
    return this.byUser.has(userId);
  }

  deliver({ userId, entry }: Appended): void {
    for (const connection of this.byUser.get(userId) ?? []) connection.push(entry);
  }

  /** What was appended could not be read here. */
  reread(userId: string): void {
    for (const connection of this.byUser.get(userId) ?? []) void connection.catchUp();
  }

  /** Hints may have been missed: every connection reads its feed again, a few at a time. Never rejects. */
  resync(): Promise<void> {
    this.rereading.poke();
    return this.rereading.idle();
  }

  closeAll(reason: CloseReason): void {
    this.draining = true;
    for (const timer of this.timers) clearInterval(timer);
    this.each((connection) => connection.close(reason));
  }

  private async rereadAll(): Promise<void> {
    if (this.draining) return;
    const waiting = [...this.byUser.values()].flatMap((connections) => [...connections]);
    const work = async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await next.catchUp();
    };
    await Promise.all(Array.from({ length: READS_AT_ONCE }, work));
  }

  private check(): void {
    this.closeInvalid();
    this.closeSlowest();
  }

  /** Each keeps to its own bound; those who keep most of what all may keep are closed first. */
  private closeSlowest(): void {
    const slow: LiveConnection[] = [];
    let buffered = 0;
    this.each((connection) => {
      if (connection.buffered === 0) return;
      slow.push(connection);
      buffered += connection.buffered;
    });
    if (buffered <= this.maxBufferedBytes) return;
    for (const connection of slow.sort((a, b) => b.buffered - a.buffered)) {
      if (buffered <= this.maxBufferedBytes) return;
      buffered -= connection.buffered;
      connection.close('slow');
    }
  }

  private closeInvalid(): void {
    const now = Date.now();
    this.each((connection) => {
      const { sessionId, expiresAt } = connection.admission;
      if (this.isRevoked(sessionId)) connection.close('revoked');
      else if (expiresAt.getTime() <= now) connection.close('expired');
    });
  }

  private each(act: (connection: LiveConnection) => void): void {
    for (const connections of this.byUser.values()) for (const connection of connections) act(connection);
  }
}
