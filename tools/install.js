import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './workspaces.js';

const packagesOf = (lockFile) => JSON.parse(readFileSync(lockFile, 'utf8')).packages;

/** Says which package is missing, by comparing npm's record of what it installed with the lock file. */
function missingPackage(folder) {
  const record = join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return 'nothing is installed yet';
  const installed = packagesOf(record);
  for (const [path, wanted] of Object.entries(packagesOf(join(folder, 'package-lock.json')))) {
    if (!path.includes('node_modules/') || wanted.link || wanted.optional || wanted.peer) continue;
    if (installed[path]?.version !== wanted.version) return `${path} ${wanted.version} is missing`;
  }
  return undefined;
}

function npmCi(folder) {
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  // The npm that runs this script, if one does: there may be no other.
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...first, ...args], { cwd: folder, stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', resolve);
  });
}

/** Installs the packages of a folder's lock file when one of them is missing. Throws when npm fails. */
export async function install(folder = root) {
  const reason = missingPackage(folder);
  if (reason === undefined) return;
  console.log(`Installing packages (${reason})...`);
  const code = await npmCi(folder);
  if (code !== 0)
    throw new Error('npm ci failed: see its message above; it needs to reach the npm registry.');
}
