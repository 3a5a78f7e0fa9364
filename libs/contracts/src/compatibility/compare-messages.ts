import { serviceOf } from '../parties.js';
import { type Change, compatible, narrowed, replaced, type Victim, widened } from './change.js';
import { compareSchemas } from './compare-schemas.js';
import { breaking, type Finding, unstored } from './finding.js';
import type { Published } from './published.js';

type Part = 'message' | 'payload' | 'reply' | 'rejections';

/** What changed in a message since it was published, and whom that breaks. */
export function compareMessages(before: Published, after: Published): Finding[] {
  return [
    ...findings('message', compareAddress(before, after), before, after),
    ...findings('payload', compareSchemas(before.payload, after.payload), before, after),
    ...findings('reply', compareSchemas(before.reply ?? {}, after.reply ?? {}), before, after),
    ...findings('rejections', compareRejections(before, after), before, after),
    ...findings('message', compareReceivers(before, after), before, after),
  ];
}

export function receiversText(receivers: readonly string[]): string[] {
  return receivers.length === 0
    ? ['readers outside of this repository']
    : receivers.map((name) => `${name} (${serviceOf(name)})`);
}

function compareAddress(before: Published, after: Published): Change[] {
  const fields = ['kind', 'topic', 'key', 'sender'] as const;
  return fields
    .filter((field) => before[field] !== after[field])
    .map((field) => replaced('', `its ${field} ${before[field]} became ${after[field]}`));
}

function compareRejections(
  { rejections: was = [] }: Published,
  { rejections: is = [] }: Published,
): Change[] {
  return [
    ...is.filter((code) => !was.includes(code)).map((code) => widened('', `${code} was added`)),
    ...was.filter((code) => !is.includes(code)).map((code) => narrowed('', `${code} was removed`)),
  ];
}

/** Who subscribes is each service's own affair; it is stored, so that a deleted message still has names to warn of. */
function compareReceivers({ receivers: was }: Published, { receivers: is }: Published): Change[] {
  return was.join() === is.join() ? [] : [compatible('', `is received by ${is.join(', ') || 'nobody'} now`)];
}

function findings(part: Part, changes: readonly Change[], before: Published, after: Published): Finding[] {
  return changes.map(({ pointer, what, breaks }) => {
    const where = part === 'message' ? '' : pointer === '' ? `${part}: ` : `${part} at ${pointer}: `;
    if (breaks.length === 0) return unstored(after.type, where + what);
    const victims = breaks.flatMap((victim) => victimsOf(part, victim === 'behind' ? before : after));
    const why = breaks.map((victim) => WHY[part][victim](before.sender));
    return breaking(after.type, where + what, why, victims);
  });
}

/** Replies and rejections go back to the sender; all else goes to the receivers. */
function victimsOf(part: Part, { sender, receivers }: Published): string[] {
  return part === 'reply' || part === 'rejections' ? [sender] : receiversText(receivers);
}

const WHY: Record<Part, Record<Victim, (sender: string) => string>> = {
  message: {
    behind: () =>
      'receivers one version behind wait for it where, or in the order in which, it is not sent any more',
    ahead: (sender) =>
      `what ${sender} sends one version behind reaches receivers of this version elsewhere or out of order`,
  },
  payload: {
    behind: (sender) => `receivers one version behind refuse or miss what ${sender} sends now`,
    ahead: (sender) =>
      `receivers of this version refuse or lose what ${sender} sends one version behind, and what lies in logs, outboxes and parked messages`,
  },
  reply: {
    behind: (sender) => `${sender} one version behind refuses or misses what is in the reply now`,
    ahead: (sender) =>
      `${sender} of this version refuses or loses replies of one version behind, and those that an inbox keeps`,
  },
  rejections: {
    behind: (sender) => `${sender} one version behind does not know this answer`,
    ahead: (sender) =>
      `${sender} of this version does not expect this answer, which services one version behind and inboxes still give`,
  },
};
