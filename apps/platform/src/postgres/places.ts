import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../start-error.js';
import type { Binaries } from './binaries.js';
import { canReach, serverUser, type ServerUser } from './server-user.js';

/** Where the server's files are. Both are below the data folder of Taskwire, unless its user can't get there. */
export interface Places {
  folder: string;
  binaries: Binaries;
  user: ServerUser;
}

export const dataIn = (folder: string): string => join(folder, 'data');
const hasCluster = (folder: string): boolean => existsSync(join(dataIn(folder), 'PG_VERSION'));

/** Named after the folder that it stands in for, so that the next start finds it again. */
export function outsideFolder(folder: string): string {
  const key = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return join('/var/tmp', `taskwire-${key}`);
}

function makeOutsideFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  // Anybody may write to /var/tmp: a folder that somebody else put there is not ours.
  if (statSync(folder).uid !== process.getuid?.()) {
    throw new StartError(
      `${folder} belongs to another user: remove it, or set TASKWIRE_DATA to another folder.`,
    );
  }
}

function copyBinaries(binaries: Binaries): Binaries {
  const outside = outsideFolder(binaries.home);
  makeOutsideFolder(outside);
  const home = join(outside, `postgresql-${binaries.version}`);
  if (!existsSync(home)) {
    const partial = `${home}.${process.pid}`;
    rmSync(partial, { recursive: true, force: true });
    cpSync(binaries.home, partial, { recursive: true, verbatimSymlinks: true });
    renameSync(partial, home);
  }
  return { ...binaries, home };
}

export function choosePlaces(dataFolder: string, binaries: Binaries): Places {
  const inside = join(dataFolder, 'postgres');
  const outside = outsideFolder(dataFolder);
  mkdirSync(inside, { recursive: true });

  const user = serverUser(dataIn(inside));
  const reachesData = canReach(user, inside);
  if (hasCluster(inside) && !reachesData) {
    throw new StartError(
      `PostgreSQL does not run as root, and its user can't enter ${inside}: let others enter the folders above it (chmod o+x).`,
    );
  }
  const useOutside = !hasCluster(inside) && (!reachesData || hasCluster(outside));
  if (useOutside) makeOutsideFolder(outside);
  return {
    folder: useOutside ? outside : inside,
    binaries: canReach(user, binaries.home) ? binaries : copyBinaries(binaries),
    user: useOutside ? serverUser(dataIn(outside)) : user,
  };
}
