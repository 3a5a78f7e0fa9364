import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { lockFolder } from './folder-lock.js';
import { StartError } from './start-error.js';

/** Makes the data folder and takes it for this process. Returns what gives it back. */
export function openDataFolder(folder: string): () => void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return lockFolder(folder);
  } catch (error) {
    if (error instanceof StartError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new StartError(
      `The data folder ${folder} can't be written (${code}): make it writable, or set TASKWIRE_DATA to another folder.`,
      { cause: error },
    );
  }
}

/** Not by `recursive`, which tries for ever where a file system takes no folders, as /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}
