import { Controller, Header, Inject } from '@nestjs/common';
import { accountRoutes } from '@taskwire/contracts';
import { Route } from '@taskwire/service';
import { SIGNING_KEYS, type SigningKeys } from './signing-keys.js';

@Controller()
export class JwksReader {
  constructor(@Inject(SIGNING_KEYS) private readonly keys: SigningKeys) {}

  @Route(accountRoutes.jwks)
  @Header('cache-control', 'public, max-age=300')
  jwks() {
    return { keys: this.keys.all.map((key) => key.publicJwk) };
  }
}
