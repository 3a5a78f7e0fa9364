/** Deterministic demo tasks: what a small team has on its list, spread over the weeks around `now`. */

interface DemoTask {
  readonly title: string;
  readonly description: string | null;
  readonly status: 'todo' | 'in_progress' | 'done';
  readonly priority: 'low' | 'medium' | 'high' | 'urgent';
  readonly dueAt: string | null;
  readonly labels: readonly string[];
}

const AREAS = [
  {
    label: 'release',
    verbs: ['Cut', 'Announce', 'Write notes for', 'Roll back'],
    things: ['release 4.2', 'the beta', 'the hotfix', 'the mobile app'],
  },
  {
    label: 'customers',
    verbs: ['Call', 'Answer', 'Prepare a demo for', 'Send the offer to'],
    things: ['Nordwind', 'the city library', 'Kaya Logistics', 'the new lead from the fair'],
  },
  {
    label: 'operations',
    verbs: ['Renew', 'Rotate', 'Document', 'Test the restore of'],
    things: ['the certificates', 'the database keys', 'the on-call guide', 'the nightly backup'],
  },
  {
    label: 'people',
    verbs: ['Plan', 'Hold', 'Write up', 'Move'],
    things: ['the retrospective', "Mina's first week", 'the hiring interview', 'the team lunch'],
  },
  {
    label: 'home',
    verbs: ['Buy', 'Repair', 'Order', 'Return'],
    things: ['the bicycle lamp', 'printer paper', 'the standing desk', 'the library books'],
  },
] as const;

const PRIORITIES = ['low', 'medium', 'medium', 'high', 'urgent'] as const;
const DAY_MS = 24 * 60 * 60 * 1000;

export function demoTasks(count: number, now: Date): DemoTask[] {
  return Array.from({ length: count }, (_, index) => demoTask(index, now));
}

function demoTask(index: number, now: Date): DemoTask {
  const area = pick(AREAS, index);
  const verb = pick(area.verbs, Math.floor(index / AREAS.length));
  const thing = pick(area.things, Math.floor(index / (AREAS.length * area.verbs.length)));
  const round = Math.floor(index / (AREAS.length * area.verbs.length * area.things.length));
  const daysFromNow = ((index * 7) % 42) - 14;
  const status = daysFromNow < -3 ? 'done' : index % 6 === 0 ? 'in_progress' : 'todo';
  return {
    title: round === 0 ? `${verb} ${thing}` : `${verb} ${thing} (round ${round + 1})`,
    description:
      index % 3 === 0 ? `Agreed in the weekly meeting. See the notes of week ${(index % 52) + 1}.` : null,
    status,
    priority: pick(PRIORITIES, index * 3 + round),
    dueAt: index % 4 === 3 ? null : new Date(now.getTime() + daysFromNow * DAY_MS).toISOString(),
    labels: index % 5 === 0 ? [area.label, 'weekly'] : [area.label],
  };
}

function pick<T>(list: readonly T[], index: number): T {
  const item = list[index % list.length];
  if (item === undefined) throw new RangeError('an empty list has nothing to pick');
  return item;
}
