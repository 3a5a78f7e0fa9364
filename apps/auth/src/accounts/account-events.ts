import { UserUpdated } from '@taskwire/contracts';
import type { HandlerContext } from '@taskwire/messaging';
import type { Account } from './account.js';

export function publishUpdate(publish: HandlerContext['publish'], account: Account): void {
  const { id: userId, version, timeZone, roles } = account;
  publish(UserUpdated, { userId, version, timeZone, roles: [...roles] });
}
