import { Body, Controller, Inject } from '@nestjs/common';
import { RotateKeysBody, type SigningKeyList } from '@taskwire/contracts';
import { InternalRoute } from '@taskwire/service';
import { SigningKeys } from './signing-keys.js';

const instant = (time: number | null) => (time === null || time === 0 ? null : new Date(time).toISOString());

/** For `npx taskwire keys`. */
@Controller()
export class KeysController {
  constructor(@Inject(SigningKeys) private readonly keys: SigningKeys) {}

  @InternalRoute('GET', '/internal/keys')
  list(): SigningKeyList {
    const keys = this.keys.list().map(({ key: { kid, signsFrom }, phase, until }) => {
      return { kid, phase, from: instant(signsFrom), until: instant(until) };
    });
    return { keys };
  }

  @InternalRoute('POST', '/internal/keys/rotate')
  rotate(@Body() body: unknown): SigningKeyList {
    const { afterSeconds } = RotateKeysBody.parse(body);
    this.keys.rotate(new Date(Date.now() + afterSeconds * 1_000));
    return this.list();
  }
}
