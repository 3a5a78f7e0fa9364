/** What is wrong with a contract, for whoever changed it. */
export interface Finding {
  /** The message. */
  readonly type: string;
  /** `breaking` and `missing` fail the check; `unstored` is a compatible change that is not stored yet. */
  readonly level: 'breaking' | 'missing' | 'unstored';
  readonly what: string;
  /** Why it breaks, once for each kind of victim. */
  readonly why: readonly string[];
  /** Subscriptions with their services, or the sender. */
  readonly victims: readonly string[];
  readonly todo: string;
}

const PUBLISH = 'npm run contracts:publish';
const GUIDE = 'docs/guides/change-a-contract.md';

export function breaking(
  type: string,
  what: string,
  why: readonly string[],
  victims: Iterable<string>,
  todo = `leave it as it is and declare ${nextVersion(type)} beside it (${GUIDE})`,
): Finding {
  return { type, level: 'breaking', what, why, victims: [...new Set(victims)], todo };
}

export function missing(type: string, what: string): Finding {
  const todo = `run "${PUBLISH}", look at what it wrote, and commit it; where it wrote nothing, write a sample by hand`;
  return { type, level: 'missing', what, why: [], victims: [], todo };
}

export function unstored(type: string, what: string): Finding {
  return {
    type,
    level: 'unstored',
    what,
    why: [],
    victims: [],
    todo: `run "${PUBLISH}" and commit what it wrote`,
  };
}

export function report({ type, level, what, why, victims, todo }: Finding): string {
  const head = { breaking: 'BREAKS', missing: 'MISSING', unstored: 'compatible, not stored yet' }[level];
  return [
    `${head}: ${type}: ${what}`,
    ...(victims.length > 0 ? [`  who: ${victims.join(', ')}`] : []),
    ...why.map((one) => `  why: ${one}`),
    `  do:  ${todo}`,
  ].join('\n');
}

function nextVersion(type: string): string {
  return type.replace(/\d+$/, (version) => String(Number(version) + 1));
}
