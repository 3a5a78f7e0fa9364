/** Wrong codes in a row that cost nothing. */
const FREE = 5;
const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 60 * 60_000;

export interface Failures {
  readonly failures: number;
  readonly failedAt: Date | null;
}

/**
 * For how long no code is looked at: twice as long for each wrong one in a row, up to an hour, so that guessing six digits
 * takes decades. Who can bring it about knows the password; the owner has recovery codes, which don't wait.
 */
export function waitMs({ failures, failedAt }: Failures, now: Date): number {
  if (failures < FREE || failedAt === null) return 0;
  const wait = Math.min(FIRST_WAIT_MS * 2 ** (failures - FREE), LONGEST_WAIT_MS);
  return Math.max(0, failedAt.getTime() + wait - now.getTime());
}
