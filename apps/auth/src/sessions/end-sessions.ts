import { Controller, Inject } from '@nestjs/common';
import { EndOtherSessions, EndSession } from '@taskwire/contracts';
import { type CommandOf, HandleCommand, type HandlerContext, Rejection } from '@taskwire/messaging';
import { SessionStore } from './session-store.js';
import { Sessions } from './sessions.js';

@Controller()
export class EndSessionHandlers {
  constructor(
    @Inject(SessionStore) private readonly store: SessionStore,
    @Inject(Sessions) private readonly sessions: Sessions,
  ) {}

  /** One that has ended already is as good as ended now. */
  @HandleCommand(EndSession)
  async end({ actor, payload }: CommandOf<typeof EndSession>, context: HandlerContext) {
    const { userId, sessionId } = payload;
    if (actor !== userId) throw new Rejection('forbidden');
    if (!(await this.store.has(context.tx, userId, sessionId))) throw new Rejection('not_found');
    const ending = {
      accountId: userId,
      sessionIds: [sessionId],
      actor: userId,
      reason: 'ended_by_owner',
    } as const;
    await this.sessions.end(ending, context, new Date());
    return { sessionId };
  }

  @HandleCommand(EndOtherSessions)
  async endOthers(
    { actor, session, payload: { userId } }: CommandOf<typeof EndOtherSessions>,
    context: HandlerContext,
  ) {
    if (actor !== userId) throw new Rejection('forbidden');
    return { ended: await this.sessions.endOthers(userId, session, 'ended_by_owner', context, new Date()) };
  }
}
