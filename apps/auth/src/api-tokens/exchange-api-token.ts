import { Body, Controller, Header, Inject } from '@nestjs/common';
import { ExchangeApiTokenBody, type ExchangedApiToken } from '@taskwire/contracts';
import { InternalRoute, ProblemError } from '@taskwire/service';
import { AccessTokens } from '../sessions/access-tokens.js';
import { hashOf } from '../secret-hash.js';
import { ApiTokenStore } from './api-token-store.js';

/** For gateways: what they send to services in the place of an API token. */
@Controller()
export class ExchangeApiTokenHandler {
  constructor(
    @Inject(ApiTokenStore) private readonly store: ApiTokenStore,
    @Inject(AccessTokens) private readonly accessTokens: AccessTokens,
  ) {}

  @InternalRoute('POST', '/internal/api-tokens/exchange')
  @Header('cache-control', 'no-store')
  async exchange(@Body() body: unknown): Promise<ExchangedApiToken> {
    const now = new Date();
    const found = await this.store.use(hashOf(ExchangeApiTokenBody.parse(body).token), now);
    if (found === null || found.account.disabledAt !== null || found.token.expiresAt <= now) {
      throw new ProblemError('not_found', 'the API token is unknown, expired or revoked');
    }
    const { account, token } = found;
    const { scopes, expiresAt: until } = token;
    const grant = { accountId: account.id, sessionId: token.id, roles: account.roles, scopes, until };
    return { accessToken: await this.accessTokens.issue(grant, now) };
  }
}
