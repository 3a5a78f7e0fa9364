import { Controller, Inject } from '@nestjs/common';
import { type SessionList, accountRoutes } from '@taskwire/contracts';
import { Caller, Route } from '@taskwire/service';
import { openSince } from './session.js';
import { SessionStore } from './session-store.js';

@Controller()
export class SessionsReader {
  constructor(@Inject(SessionStore) private readonly store: SessionStore) {}

  @Route(accountRoutes.sessions)
  async list(@Caller() { userId, sessionId }: Caller): Promise<SessionList> {
    const open = await this.store.listOpen(userId, openSince(new Date()));
    const sessions = open.map(({ accountId: _, startedAt, lastUsedAt, ...session }) => ({
      ...session,
      startedAt: startedAt.toISOString(),
      lastUsedAt: lastUsedAt.toISOString(),
      current: session.id === sessionId,
    }));
    return { sessions };
  }
}
