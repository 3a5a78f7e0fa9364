import { Controller, Header, Inject } from '@nestjs/common';
import { accountRoutes } from '@taskwire/contracts';
import { Route } from '@taskwire/service';
import { SigningKeys } from './signing-keys.js';

@Controller()
export class JwksReader {
  constructor(@Inject(SigningKeys) private readonly keys: SigningKeys) {}

  @Route(accountRoutes.jwks)
  @Header('cache-control', 'public, max-age=300')
  jwks() {
    return { keys: this.keys.published.map((key) => key.publicJwk) };
  }
}
