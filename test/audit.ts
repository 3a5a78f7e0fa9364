import { execFile } from 'node:child_process';
import { join } from 'node:path';

const LIMIT_MS = 60_000;
const ROOT = join(import.meta.dirname, '..');
const GRAVE = new Set(['high', 'critical']);

export interface Finding {
  readonly package: string;
  readonly severity: string;
  readonly title: string;
  /** `GHSA-...`, as the advisory is called. */
  readonly id: string;
}

/** What `npm audit` tells of a package: its own advisories, and the names of packages that bring theirs. */
interface Audited {
  readonly via: readonly (
    | string
    | { readonly name: string; readonly severity: string; readonly title: string; readonly url: string }
  )[];
}

/** The high and critical findings of `npm audit`, or why the registry didn't answer. */
export async function audit(registry?: string): Promise<{ findings: Finding[] } | { unanswered: string }> {
  const args = ['audit', '--json', ...(registry === undefined ? [] : [`--registry=${registry}`])];
  const printed = await new Promise<string>((resolve) => {
    // It ends with 1 when it found something.
    execFile('npm', args, { cwd: ROOT, timeout: LIMIT_MS, maxBuffer: 2 ** 26 }, (error, stdout) =>
      resolve(stdout.trim() || JSON.stringify({ message: error?.message ?? 'nothing was printed' })),
    );
  });
  const report = JSON.parse(printed) as { message?: string; vulnerabilities?: Record<string, Audited> };
  if (report.vulnerabilities === undefined) return { unanswered: report.message ?? printed };
  const own = Object.values(report.vulnerabilities).flatMap(({ via }) =>
    via.flatMap((one) => (typeof one === 'string' || !GRAVE.has(one.severity) ? [] : [one])),
  );
  const findings = own.map(({ name, severity, title, url }) => ({
    ...{ package: name, severity, title },
    id: url.split('/').at(-1) ?? url,
  }));
  return { findings };
}
