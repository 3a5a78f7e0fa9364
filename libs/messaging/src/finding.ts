import type { TopologyDifference } from './contract/topology.js';

/**
 * What is wrong with a setting, a server or a clock, before it breaks a promise. `refused`: nothing starts with it.
 * `warning`: it works, less well than it should.
 */
export interface Finding {
  readonly level: 'refused' | 'warning';
  /** As it was found, with names and values. */
  readonly what: string;
  /** What it breaks. */
  readonly why: string;
  /** The setting to change, and to what. */
  readonly change: string;
}

/** Thrown at boot: the message names all that was refused, each with its reason and what to change. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
  constructor(readonly findings: readonly Finding[]) {
    super(`not started:${findings.map((finding) => `\n  ${textOf(finding)}`).join('')}`);
  }
}

/** One line of a finding. */
export const textOf = ({ what, why, change }: Finding): string => `${what} (${why}): ${change}`;

/** Throws a StartRefused when anything is refused; hands each warning on otherwise. */
export function demandHealthy(findings: readonly Finding[], warn: (text: string) => void): void {
  const refused = findings.filter(({ level }) => level === 'refused');
  if (refused.length > 0) throw new StartRefused(refused);
  for (const finding of findings) warn(textOf(finding));
}

/** What a difference means for services that run. */
export function differenceFinding({ kind, what, name, detail, change }: TopologyDifference): Finding {
  const isMissing = kind === 'missing';
  return {
    level: 'refused',
    what: `${what} ${name} is ${isMissing ? 'missing on the broker' : 'not as declared'}: ${detail}`,
    why: isMissing ? 'what is sent there is stored nowhere' : 'no service that declares it can start',
    change,
  };
}
