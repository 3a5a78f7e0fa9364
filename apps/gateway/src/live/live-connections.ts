import { SingleFlight } from '@taskwire/messaging';
import type { Appended } from './feed-source.js';
import type { LiveConnection } from './live-connection.js';
import type { CloseReason } from './transport.js';

export const MAX_CONNECTIONS_PER_USER = 10;
const BEAT_MS = 15_000;
const CHECK_MS = 1_000;
const READS_AT_ONCE = 20;

/** Whether a session was ended before its access token expired. */
export type IsRevoked = (sessionId: string) => boolean;

/** The live connections of this gateway, by user. */
export class LiveConnections {
  private readonly byUser = new Map<string, Set<LiveConnection>>();
  private readonly timers: readonly NodeJS.Timeout[];
  private readonly seats = new Map<string, number>();
  private readonly rereading = new SingleFlight(() => this.rereadAll());
  private draining = false;

  constructor(
    private readonly isRevoked: IsRevoked,
    { beatMs = BEAT_MS, checkMs = CHECK_MS } = {},
  ) {
    this.timers = [
      setInterval(() => this.each((connection) => connection.beat()), beatMs).unref(),
      setInterval(() => this.closeInvalid(), checkMs).unref(),
    ];
  }

  /**
   * A place for one more connection of the user, taken at once, so that those who come at the same time don't get the same
   * one; undefined when there is none. The function gives it back, once.
   */
  takeSeat(userId: string): (() => void) | undefined {
    const taken = this.seats.get(userId) ?? 0;
    if (this.draining || taken >= MAX_CONNECTIONS_PER_USER) return undefined;
    this.seats.set(userId, taken + 1);
    let given = false;
    return () => {
      if (given) return;
      given = true;
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
