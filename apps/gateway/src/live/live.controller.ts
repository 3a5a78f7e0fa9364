import type { OutgoingHttpHeaders } from 'node:http';
import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { LiveQuery, type LiveTicket, liveRoutes } from '@taskwire/contracts';
import { Caller, checkedQuery, ProblemError, Route } from '@taskwire/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { Origins } from '../http/origins.js';
import { factsOf } from '../http/request-facts.js';
import { LiveDesk } from './live-desk.js';
import { ServerSentEvents } from './server-sent-events.js';
import { TICKET_LIFETIME_S, Tickets } from './tickets.js';

@Controller()
export class LiveController {
  constructor(
    @Inject(LiveDesk) private readonly desk: LiveDesk,
    @Inject(Tickets) private readonly tickets: Tickets,
    @Inject(Origins) private readonly origins: Origins,
  ) {}

  @Route(liveRoutes.ticket)
  ticket(@Caller() { userId, sessionId, expiresAt }: Caller): z.output<typeof LiveTicket> {
    return { ticket: this.tickets.issue({ userId, sessionId, expiresAt }), expiresIn: TICKET_LIFETIME_S };
  }

  // Not by @Route, which would insist on the header that a ticket stands in for.
  @Get(liveRoutes.live.path)
  async live(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    // Fastify answers HEAD by GET, and this GET has no end.
    if (request.method !== 'GET') {
      throw new ProblemError('method_not_allowed', 'this path has GET, OPTIONS', {
        headers: { allow: 'GET, OPTIONS' },
      });
    }
    this.origins.demand(request.headers);
    const { ticket, lastEventId } = checkedQuery(LiveQuery, request.query);
    const entry = await this.desk.enter(
      {
        ticket,
        authorization: request.headers.authorization,
        lastEventId: request.headers['last-event-id'] ?? lastEventId,
      },
      (userId) => (factsOf(request).userId = userId),
    );
    reply.hijack();
    this.desk.connect(
      entry,
      new ServerSentEvents(reply.raw, { ...reply.getHeaders() } as OutgoingHttpHeaders),
    );
  }
}
