import { linkSync, mkdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startOf } from './processes.js';
import { StartError } from './start-error.js';

const LONGEST_CLEARING_MS = 10_000;

interface Owner {
  pid: number;
  start: string;
}

const alreadyThere = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EEXIST';

function ownerOf(file: string): Owner | undefined {
  try {
    const owner = JSON.parse(readFileSync(file, 'utf8')) as Owner;
    return startOf(owner.pid) === owner.start ? owner : undefined;
  } catch {
    return undefined;
  }
}

/** Linked into place as a whole, so that nobody ever reads a lock without its owner. */
function tryLock(file: string): boolean {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, JSON.stringify({ pid: process.pid, start: startOf(process.pid) }));
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (alreadyThere(error)) return false;
    throw error;
  } finally {
    unlinkSync(own);
  }
}

/** Only one process at a time may clear a dead owner's lock: two would clear each other's new one. */
function clearDeadLock(file: string): void {
  const clearing = `${file}.clearing`;
  try {
    mkdirSync(clearing);
  } catch (error) {
    if (!alreadyThere(error)) throw error;
    const since = statSync(clearing, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (Date.now() - since > LONGEST_CLEARING_MS) rmSync(clearing, { recursive: true, force: true });
    return;
  }
  try {
    if (ownerOf(file) === undefined) rmSync(file, { force: true });
  } finally {
    rmSync(clearing, { recursive: true, force: true });
  }
}

/** Takes a data folder for this process until the returned function is called, or the process ends in any way. */
export function lockFolder(folder: string): () => void {
  const file = join(folder, 'lock');
  for (let attempt = 0; attempt < 3; attempt++) {
    if (tryLock(file)) return () => rmSync(file, { force: true });
    const owner = ownerOf(file);
    if (owner !== undefined) {
      throw new StartError(
        `The data folder ${folder} is in use by another Taskwire (process ${owner.pid}): stop that one, or set TASKWIRE_DATA to another folder.`,
      );
    }
    clearDeadLock(file);
  }
  throw new StartError(`The data folder ${folder} is being taken by another Taskwire: try again.`);
}
