import { Controller, Inject, Query } from '@nestjs/common';
import { ACCESS_TOKEN_SECONDS, type Revocations, RevocationsQuery } from '@taskwire/contracts';
import { InternalRoute } from '@taskwire/service';
import { SessionStore } from './session-store.js';

/** Longer than an access token lives, by what the clocks of two machines may differ. */
const WINDOW_MS = (ACCESS_TOKEN_SECONDS + 300) * 1000;
const PAGE = 10_000;

@Controller()
export class RevocationsReader {
  constructor(@Inject(SessionStore) private readonly sessions: SessionStore) {}

  @InternalRoute('GET', '/internal/revocations')
  revocations(@Query() query: unknown): Promise<Revocations> {
    const { after } = RevocationsQuery.parse(query);
    return this.sessions.revocations(after, new Date(Date.now() - WINDOW_MS), PAGE);
  }
}
