import { type Identity, Rejection } from '@taskwire/messaging';

/** Who sent a command, if it is an administrator; the gateway checks that too, but a topic has other ends. */
export function administratorOf({ actor, roles }: Identity): string {
  if (actor === null || !roles.includes('admin'))
    throw new Rejection('forbidden', 'this needs the role admin');
  return actor;
}
