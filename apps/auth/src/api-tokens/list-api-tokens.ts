import { Controller, Inject } from '@nestjs/common';
import { type ApiTokenList, apiTokenRoutes } from '@taskwire/contracts';
import { Caller, Route } from '@taskwire/service';
import { apiTokenView } from './api-token.js';
import { ApiTokenStore } from './api-token-store.js';

@Controller()
export class ApiTokensReader {
  constructor(@Inject(ApiTokenStore) private readonly store: ApiTokenStore) {}

  @Route(apiTokenRoutes.list)
  async list(@Caller() { userId }: Caller): Promise<ApiTokenList> {
    return { apiTokens: (await this.store.list(userId)).map(apiTokenView) };
  }
}
