import { DEFAULT_CONCURRENCY, type Finding } from '@taskwire/messaging';
import type { CommonConfig } from '../config.js';
import type { ServiceDefinition } from '../definition.js';

/** What a service must not be started with, whatever its broker and its database say. */
export function definitionFindings(
  { name, groups, database }: Pick<ServiceDefinition<never, unknown>, 'name' | 'groups' | 'database'>,
  { DATABASE_CONNECTIONS: connections }: Pick<CommonConfig, 'DATABASE_CONNECTIONS'>,
): Finding[] {
  return [
    ...ownerFindings(
      name,
      groups.map((group) => group.name),
    ),
    ...(database ? connectionFindings(groups.length, connections) : []),
  ];
}

/** A group has one owner, which its name begins with: so no two services are declared on one. */
function ownerFindings(service: string, groups: readonly string[]): Finding[] {
  return groups
    .filter((group) => !group.startsWith(`${service}.`))
    .map((group) => ({
      level: 'refused',
      what: `the service ${service} is declared on the group ${group}`,
      why: 'its instances would take messages away from the service that the group is named after',
      change: `give it a group of its own, "${service}.<what>", in libs/contracts/src/subscriptions.ts`,
    }));
}

/** A batch holds a connection for as long as its transaction; relay, parked messages and requests need one besides. */
function connectionFindings(groups: number, connections: number): Finding[] {
  const batches = groups * DEFAULT_CONCURRENCY;
  if (connections > batches) return [];
  return [
    {
      level: 'refused',
      what: `DATABASE_CONNECTIONS is ${connections}, and ${batches} batches of ${groups} groups may run at once`,
      why: 'under load they wait for each other, and requests and the relay for them, until that counts as an outage',
      change: `set DATABASE_CONNECTIONS to ${batches + 1} or more`,
    },
  ];
}
