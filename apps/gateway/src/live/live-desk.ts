import { type AccessTokenVerifier, ProblemError } from '@taskwire/service';
import { z } from 'zod';
import type { FeedReader } from './feed-reader.js';
import { LiveConnection } from './live-connection.js';
import { type LiveConnections, MAX_CONNECTIONS_PER_USER } from './live-connections.js';
import type { Admission, Tickets } from './tickets.js';
import type { Transport } from './transport.js';

const EventId = z.coerce.number().int().min(0).optional();

export interface Credentials {
  readonly ticket: string | undefined;
  readonly authorization: string | undefined;
  readonly lastEventId: unknown;
}

/** Who may connect, and where in the feed the connection begins. */
export interface Entry {
  readonly admission: Admission;
  readonly after: number;
}

/** Lets live clients in, whatever their protocol. */
export class LiveDesk {
  constructor(
    private readonly tickets: Tickets,
    private readonly tokens: AccessTokenVerifier,
    private readonly connections: LiveConnections,
    private readonly feed: FeedReader,
  ) {}

  /** Throws the problem to answer when the client may not connect. */
  async enter({ ticket, authorization, lastEventId }: Credentials): Promise<Entry> {
    const position = EventId.safeParse(lastEventId);
    if (!position.success)
      throw new ProblemError('bad_request', 'the last event id must be the id of a frame');
    const admission = await this.admit(ticket, authorization);
    if (!this.connections.hasRoom(admission.userId)) {
      throw new ProblemError('rate_limited', `a user can have ${MAX_CONNECTIONS_PER_USER} live connections`, {
        headers: { 'retry-after': '5' },
      });
    }
    // Before the client is told that it is connected: what happens from then on comes after this position.
    return { admission, after: position.data ?? (await this.feed.position(admission.userId)) };
  }

  connect({ admission, after }: Entry, transport: Transport): void {
    const connection = new LiveConnection(admission, transport, this.feed, after);
    transport.onClosed(() => this.connections.remove(connection));
    this.connections.add(connection);
  }

  private async admit(ticket: string | undefined, authorization: string | undefined): Promise<Admission> {
    if (ticket === undefined) return this.tokens.verify(authorization);
    const admission = await this.tickets.redeem(ticket);
    if (admission === undefined) {
      throw new ProblemError('unauthenticated', 'the ticket is not valid, was used, or is older than 30 s');
    }
    return admission;
  }
}
