import { Controller, Inject } from '@nestjs/common';
import { RevokeApiToken } from '@taskwire/contracts';
import { type CommandOf, HandleCommand, type HandlerContext, Rejection } from '@taskwire/messaging';
import { RevokeApiTokens } from './revoke-api-tokens.js';

@Controller()
export class RevokeApiTokenHandler {
  constructor(@Inject(RevokeApiTokens) private readonly tokens: RevokeApiTokens) {}

  @HandleCommand(RevokeApiToken)
  async revoke({ actor, session, payload }: CommandOf<typeof RevokeApiToken>, context: HandlerContext) {
    const { userId, id } = payload;
    if (actor !== userId) throw new Rejection('forbidden');
    const revoked = await this.tokens.revoke({ accountId: userId, id, actor, session }, context, new Date());
    if (revoked === 0) throw new Rejection('not_found');
    return { id };
  }
}
