import { existsSync, rmSync } from 'node:fs';
import { commandLines } from '../processes.js';
import { installedBinaries } from './binaries.js';
import { outsideFolder } from './places.js';

/**
 * The folder of the copy of an installation's programs, which its servers run from where their user can't get to the
 * installation itself; undefined when there is none. Data folders of one installation share it.
 */
export async function copiedPrograms(): Promise<string | undefined> {
  const home = await installedBinaries().then(
    (binaries) => binaries.home,
    () => undefined,
  );
  const folder = home === undefined ? undefined : outsideFolder(home);
  return folder !== undefined && existsSync(folder) ? folder : undefined;
}

/** Removes such a copy unless a server runs from it; the next start that needs one makes it again. */
export function removePrograms(folder: string): boolean {
  if (commandLines().some((line) => line.includes(`${folder}/`))) return false;
  rmSync(folder, { recursive: true, force: true });
  return true;
}
