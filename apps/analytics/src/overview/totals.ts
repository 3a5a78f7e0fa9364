import type { DayCounts } from './counts-store.js';

export function total(days: readonly DayCounts[]): Omit<DayCounts, 'day'> {
  const sum = (count: Exclude<keyof DayCounts, 'day'>) => days.reduce((all, day) => all + day[count], 0);
  return {
    created: sum('created'),
    completed: sum('completed'),
    reopened: sum('reopened'),
    deleted: sum('deleted'),
  };
}

/** One entry per day of the window, also where nothing was counted. */
export function fill<Day extends DayCounts, Entry>(
  window: readonly string[],
  found: readonly Day[],
  entryOf: (day: string, counts: Day | undefined) => Entry,
): Entry[] {
  const byDay = new Map(found.map((counts) => [counts.day, counts]));
  return window.map((day) => entryOf(day, byDay.get(day)));
}
