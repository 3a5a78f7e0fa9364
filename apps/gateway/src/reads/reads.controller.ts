import { Inject, Injectable } from '@nestjs/common';
import { isConditional, routes } from '@taskwire/contracts';
import { ClientAddresses } from '../limits/client-address.js';
import { type RouteCall, routeController } from '../http/route-controller.js';
import { bodyEtag } from './body-etag.js';
import { CachedReads } from './cached-reads.js';
import { answerConditionally } from './conditional-answer.js';
import { headersToService } from './passed-headers.js';

/** What @fastify/compress looks for. */
const NO_COMPRESSION = 'x-no-compression';

/** Answers the routes that a service answers itself: reads, and whatever holds a secret. */
@Injectable()
export class ForwardedAnswers {
  constructor(
    @Inject(CachedReads) private readonly reads: CachedReads,
    @Inject(ClientAddresses) private readonly addresses: ClientAddresses,
  ) {}

  async answer({ route, request, reply, caller }: RouteCall): Promise<unknown> {
    const answer = await this.reads.read(route, {
      url: request.url,
      body: route.body && request.body,
      caller,
      clientAddress: this.addresses.of(request.raw),
      headers: headersToService(request.headers),
    });
    // A secret beside text that somebody else chose gives itself away by its compressed size (BREACH).
    if (route.kind === 'secret') request.headers[NO_COMPRESSION] = 'true';
    reply.status(answer.status).headers(answer.headers);
    if (answer.status !== 200 || !isConditional(route)) return answer.body;
    const etag = answer.headers['etag'] ?? bodyEtag(answer.body);
    return answerConditionally(answer.body, etag, request, reply);
  }
}

export const ReadsController = routeController(
  ForwardedAnswers,
  routes.filter(({ kind }) => kind === 'read' || kind === 'secret'),
);
