const DAY_MS = 24 * 60 * 60 * 1000;

/** The last so many days, today included, oldest first; UTC. */
export function lastDays(count: number, now: Date): string[] {
  return Array.from({ length: count }, (_, index) =>
    new Date(now.getTime() - (count - 1 - index) * DAY_MS).toISOString().slice(0, 10),
  );
}
