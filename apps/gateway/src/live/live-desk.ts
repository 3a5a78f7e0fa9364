import { LastEventId, liveRoutes } from '@taskwire/contracts';
import {
  type AccessTokenVerifier,
  demandScope,
  type ExchangeCredentials,
  ProblemError,
} from '@taskwire/service';
import type { FeedReader } from './feed-reader.js';
import type { FeedSource } from './feed-source.js';
import { LiveConnection } from './live-connection.js';
import { type LiveConnections, MAX_CONNECTIONS_PER_USER } from './live-connections.js';
import type { Admission, SignedTicket, Tickets } from './tickets.js';
import type { Transport } from './transport.js';

export interface Credentials {
  readonly ticket: string | undefined;
  readonly authorization: string | undefined;
  readonly lastEventId: unknown;
}

/** Who may connect, and where in the feed the connection begins. */
export interface Entry {
  readonly admission: Admission;
  readonly after: number;
  /** Gives up the place among the user's connections. */
  leave(): void;
}

/** Lets live clients in, whatever their protocol. */
export class LiveDesk {
  constructor(
    private readonly tickets: Tickets,
    private readonly tokens: AccessTokenVerifier,
    private readonly exchange: ExchangeCredentials,
    private readonly connections: LiveConnections,
    private readonly feed: FeedReader,
    private readonly source: FeedSource,
  ) {}

  /**
   * Throws the problem to answer when the client may not connect; `known` hears who it is in any case. Who enters has to
   * `connect` or to `leave`.
   */
  async enter(
    { ticket, authorization, lastEventId }: Credentials,
    known: (userId: string) => void,
  ): Promise<Entry> {
    const position = LastEventId.optional().safeParse(lastEventId);
    if (!position.success)
      throw new ProblemError('bad_request', 'the last event id must be the id of a frame');
    const signed = ticket === undefined ? undefined : this.read(ticket);
    const admission = signed ?? (await this.bearer(authorization));
    known(admission.userId);
    // It may have ended since the ticket was given.
    if (signed) await this.tokens.demandOpen(signed.sessionId);
    if (this.connections.full)
      throw new ProblemError('overloaded', undefined, { headers: { 'retry-after': '5' } });
    const leave = this.connections.takeSeat(admission.userId);
    if (leave === undefined) {
      throw new ProblemError('rate_limited', `a user can have ${MAX_CONNECTIONS_PER_USER} live connections`, {
        headers: { 'retry-after': '5' },
      });
    }
    try {
      // Before the client is told that it is connected: what happens from then on comes after this position.
      const after = position.data ?? (await this.feed.position(admission.userId));
      // Last, so that who can't connect now can use the ticket again.
      if (signed && !(await this.tickets.use(signed))) throw invalidTicket();
      return { admission, after, leave };
    } catch (error) {
      leave();
      throw error;
    }
  }

  connect({ admission, after, leave }: Entry, transport: Transport): void {
    const connection = new LiveConnection(admission, transport, this.feed, after);
    const { userId } = admission;
    this.connections.add(connection);
    // What is appended before it is heard is in the feed when that is read.
    void this.source.follow(userId).then(() => connection.catchUp());
    transport.onClosed(() => {
      this.connections.remove(connection);
      if (!this.connections.has(userId)) this.source.unfollow(userId);
      leave();
    });
  }

  private async bearer(authorization: string | undefined): Promise<Admission> {
    const caller = await this.tokens.verify(await this.exchange(authorization));
    demandScope(caller, liveRoutes.live);
    return caller;
  }

  private read(ticket: string): SignedTicket {
    const signed = this.tickets.read(ticket);
    if (signed === undefined) throw invalidTicket();
    return signed;
  }
}

function invalidTicket(): ProblemError {
  return new ProblemError('unauthenticated', 'the ticket is not valid, was used, or is older than 30 s');
}
