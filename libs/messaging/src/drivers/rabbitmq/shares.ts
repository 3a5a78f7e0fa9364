import { createHash } from 'node:crypto';

/**
 * Who owns which partition of a topic: highest random weight (Thaler and Ravishankar, 1998) with a cap, so that shares
 * differ by one at most and few partitions move when a member comes or goes. Every member computes the same.
 */
export function ownersOf(topic: string, partitions: number, members: readonly string[]): readonly string[] {
  const share = Math.floor(partitions / members.length);
  let larger = partitions % members.length;
  const counts = new Map(members.map((member) => [member, 0]));
  return Array.from({ length: partitions }, (_, partition) => {
    const owner = byWeight(members, topic, partition).find((member) => {
      const count = counts.get(member) ?? 0;
      return count < share || (count === share && larger > 0);
    });
    if (owner === undefined) throw new Error('a partition needs a member');
    const count = (counts.get(owner) ?? 0) + 1;
    counts.set(owner, count);
    if (count > share) larger -= 1;
    return owner;
  });
}

function byWeight(members: readonly string[], topic: string, partition: number): string[] {
  return members
    .map((member) => ({ member, weight: weightOf(`${member}/${topic}/${String(partition)}`) }))
    .sort((a, b) => b.weight - a.weight || (a.member < b.member ? -1 : 1))
    .map(({ member }) => member);
}

const weightOf = (text: string): number => createHash('sha256').update(text).digest().readUIntBE(0, 6);
