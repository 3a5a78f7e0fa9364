import './machine.js';
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { install } from './install.js';
import { root } from './workspaces.js';

const bin = join(root, 'node_modules', '.bin');

function runsPinned(pinned) {
  return realpathSync(process.execPath) === realpathSync(pinned);
}

function runAgain(pinned) {
  const child = spawn(pinned, process.argv.slice(1), { stdio: 'inherit' });
  const forward = (signal) => child.kill(signal);
  process.on('SIGINT', forward);
  process.on('SIGTERM', forward);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(signal ? 1 : code));
  });
}

/**
 * Installs what is missing, then calls `main` under the Node that package.json pins: here if this is it, else by
 * running the script again with it. Programs that `main` starts find the same Node first.
 */
export async function onPinnedNode(main) {
  try {
    await install();
    const pinned = join(bin, 'node');
    if (!existsSync(pinned)) throw new Error(`${pinned} is missing: run "npm ci" without --omit=dev.`);
    if (!runsPinned(pinned)) {
      process.exitCode = await runAgain(pinned);
      return;
    }
    process.env.PATH = [bin, process.env.PATH].join(delimiter);
    await main();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
