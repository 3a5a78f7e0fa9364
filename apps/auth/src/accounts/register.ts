import { Controller, Header, HttpStatus, Inject, Req, Res } from '@nestjs/common';
import { type RegisterBody, type SignedIn, accountRoutes } from '@taskwire/contracts';
import { Body, Route } from '@taskwire/service';
import type { z } from 'zod';
import { refuseGuessable } from '../passwords/guessable.js';
import { type ClientRequest, RequestClients } from '../sessions/request-client.js';
import { REGISTRATION, type Registration } from './registration.js';

interface Reply {
  status(code: number): unknown;
}

@Controller()
export class RegisterHandler {
  constructor(
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(REGISTRATION) private readonly registration: Registration,
  ) {}

  @Route(accountRoutes.register)
  @Header('cache-control', 'no-store')
  async register(
    @Body() body: z.output<typeof RegisterBody>,
    @Req() request: ClientRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<SignedIn | undefined> {
    refuseGuessable(body.password, body, '/password');
    const signedIn = await this.registration.register(body, this.clients.of(request));
    if (signedIn === undefined) reply.status(HttpStatus.ACCEPTED);
    return signedIn;
  }
}
