import { Controller, Inject } from '@nestjs/common';
import { type SecondFactor, secondFactorRoutes } from '@taskwire/contracts';
import { Caller, Route } from '@taskwire/service';
import { SecondFactorStore } from './second-factor-store.js';

@Controller()
export class SecondFactorReader {
  constructor(@Inject(SecondFactorStore) private readonly store: SecondFactorStore) {}

  @Route(secondFactorRoutes.show)
  async show(@Caller() { userId }: Caller): Promise<SecondFactor> {
    const [factor, recoveryCodesLeft] = await Promise.all([
      this.store.find(userId),
      this.store.countRecoveryCodes(userId),
    ]);
    return { enabledAt: factor?.confirmedAt?.toISOString() ?? null, recoveryCodesLeft };
  }
}
