import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StartError } from '../start-error.js';
import { binary, majorOf } from './binaries.js';
import { dataIn, type Places } from './places.js';

const HALF_MADE = 'init-';

function refuseOtherMajor(places: Places): void {
  const made = readFileSync(join(dataIn(places.folder), 'PG_VERSION'), 'utf8').trim();
  const have = majorOf(places.binaries);
  if (made === have) return;
  throw new StartError(
    `The data in ${dataIn(places.folder)} was made by PostgreSQL ${made}, this Taskwire brings ${have}: start the Taskwire that made it, or set TASKWIRE_DATA to another folder.`,
  );
}

function passwordIn(folder: string): string {
  const file = join(folder, 'password');
  if (!existsSync(file)) writeFileSync(file, randomBytes(18).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}

async function create({ folder, binaries, user }: Places, password: string): Promise<void> {
  for (const name of readdirSync(folder)) {
    if (name.startsWith(HALF_MADE)) rmSync(join(folder, name), { recursive: true, force: true });
  }
  const partial = join(folder, `${HALF_MADE}${process.pid}`);
  const passwordFile = join(folder, `${HALF_MADE}password-${process.pid}`);
  mkdirSync(partial, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) for (const path of [partial, passwordFile]) chownSync(path, user.uid, user.gid);
  const args = ['-D', partial, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const running = promisify(execFile)(
    binary(binaries, 'initdb'),
    [...args, '--encoding=UTF8', '--locale=C'],
    { ...user, cwd: '/', env: { LC_ALL: 'C' } },
  );
  const endWithThisProcess = () => running.child.kill('SIGINT');
  process.on('exit', endWithThisProcess);
  try {
    await running;
  } catch (cause) {
    const reason = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : String(cause);
    throw new StartError(`PostgreSQL could not make its data in ${folder}: ${reason.replace(/\s+/g, ' ')}`, {
      cause,
    });
  } finally {
    process.off('exit', endWithThisProcess);
    rmSync(passwordFile, { force: true });
  }
  // Renamed when it is whole: ended in the middle, no half-made cluster is left to be taken for a real one.
  renameSync(partial, dataIn(folder));
}

/** Makes the database cluster unless it exists. Returns the password of its user. */
export async function ensureCluster(places: Places): Promise<string> {
  const password = passwordIn(places.folder);
  if (existsSync(join(dataIn(places.folder), 'PG_VERSION'))) refuseOtherMajor(places);
  else await create(places, password);
  return password;
}
