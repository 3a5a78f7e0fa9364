/** Completed tasks of those created, 0 to 1; more than all can be completed in a time when older ones are finished. */
export function completionRate({
  created,
  completed,
  reopened,
}: {
  created: number;
  completed: number;
  reopened: number;
}): number {
  return created === 0 ? 0 : Math.min(1, Math.max(0, completed - reopened) / created);
}
