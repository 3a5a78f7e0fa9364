import { ACCESS_TOKEN_SECONDS } from '@taskwire/contracts';

/** Its tokens have expired by then, also on machines whose clocks are behind. */
const RETIRES_AFTER_MS = (ACCESS_TOKEN_SECONDS + 300) * 1_000;

export interface PhasedKey<Key, Phase = 'next' | 'signing' | 'retiring' | 'retired'> {
  readonly key: Key;
  readonly phase: Phase;
  /** When it retires; null while that isn't known. */
  readonly until: number | null;
}

/** What each of some keys is for at a time; they stand in the order in which they sign, at least one. */
export function phasesOf<Key extends { readonly signsFrom: number }>(
  keys: readonly Key[],
  now: number,
): PhasedKey<Key>[] {
  const signing = Math.max(
    0,
    keys.findLastIndex(({ signsFrom }) => signsFrom <= now),
  );
  return keys.map((key, index) => {
    if (index > signing) return { key, phase: 'next', until: null };
    const replacedAt = keys[index + 1]?.signsFrom || null;
    const until = replacedAt === null ? null : replacedAt + RETIRES_AFTER_MS;
    if (index === signing) return { key, phase: 'signing', until };
    return { key, phase: until !== null && until <= now ? 'retired' : 'retiring', until };
  });
}
