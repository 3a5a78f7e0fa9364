import type { GroupDeclaration } from '../../contract/topology.js';
import type { Finding } from '../../finding.js';
import type { Names } from './names.js';
import type { Cluster } from './platformatic/cluster.js';
import type { Settings } from './settings.js';

/** Whether somebody is in one of these groups who is no instance of ours, as the name of its client tells. */
export async function checkMembers(
  cluster: Cluster,
  names: Names,
  { clientName }: Pick<Settings, 'clientName'>,
  groups: readonly GroupDeclaration[],
): Promise<Finding[]> {
  const findings = groups.map(async ({ name }): Promise<Finding[]> => {
    const group = names.group(name);
    const strangers = (await cluster.members(group)).filter(
      ({ clientId }) => !clientId.startsWith(`${clientName}-`),
    );
    return strangers.map(({ clientId, host }) => ({
      level: 'warning',
      what: `the group ${group} on Kafka has a member that is no instance of ours: ${clientId} at ${host}`,
      why: 'what it reads, the service does not handle; and one that shares partitions in another way keeps instances out',
      change: `end it, and give it a group of its own (group.id), or the client name of the others (clientId "${clientName}")`,
    }));
  });
  return (await Promise.all(findings)).flat();
}
