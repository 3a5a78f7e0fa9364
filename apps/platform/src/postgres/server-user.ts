import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { StartError } from '../start-error.js';

/** The user that the server runs as; undefined where it is the user of this process. */
export type ServerUser = { uid: number; gid: number } | undefined;

function idsOf(name: string): { uid: number; gid: number } | undefined {
  try {
    const id = (flag: string): number => Number(execFileSync('id', [flag, name], { stdio: 'pipe' }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

/** PostgreSQL refuses to run as root: there it runs as the owner of its data, "postgres" or "nobody". */
export function serverUser(dataFolder: string): ServerUser {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(dataFolder, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const user = idsOf('postgres') ?? idsOf('nobody');
  if (user !== undefined) return user;
  throw new StartError(
    'PostgreSQL does not run as root, and there is neither a user "postgres" nor "nobody": start Taskwire as another user.',
  );
}

/** Whether that user gets through to a folder: below one that only root may enter, it does not. */
export function canReach(user: ServerUser, folder: string): boolean {
  if (user === undefined) return true;
  try {
    execFileSync('/bin/sh', ['-c', 'cd "$0"', folder], { ...user, cwd: '/', stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}
