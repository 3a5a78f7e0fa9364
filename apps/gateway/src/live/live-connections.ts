import type { FeedAppended } from '@taskwire/contracts';
import type { PayloadOf } from '@taskwire/messaging';
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

  hasRoom(userId: string): boolean {
    return !this.draining && (this.byUser.get(userId)?.size ?? 0) < MAX_CONNECTIONS_PER_USER;
  }

  add(connection: LiveConnection): void {
    if (this.draining) return connection.close('shutdown');
    const { userId } = connection.admission;
    const connections = this.byUser.get(userId) ?? new Set();
    this.byUser.set(userId, connections.add(connection));
    void connection.catchUp();
  }

  remove(connection: LiveConnection): void {
    const { userId } = connection.admission;
    const connections = this.byUser.get(userId);
    connections?.delete(connection);
    if (connections?.size === 0) this.byUser.delete(userId);
  }

  deliver({ userId, entry }: PayloadOf<typeof FeedAppended>): void {
    for (const connection of this.byUser.get(userId) ?? []) connection.push(entry);
  }

  /** Hints may have been missed: every connection reads its feed again, a few at a time. */
  async resync(): Promise<void> {
    const waiting = [...this.byUser.values()].flatMap((connections) => [...connections]);
    const work = async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await next.catchUp();
    };
    await Promise.all(Array.from({ length: READS_AT_ONCE }, work));
  }

  closeAll(reason: CloseReason): void {
    this.draining = true;
    for (const timer of this.timers) clearInterval(timer);
    this.each((connection) => connection.close(reason));
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
