import { spawn } from 'node:child_process';
import { watch as watchFolder } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.js';
import { root } from './workspaces.js';

const QUIET_MS = 150;
const built = new RegExp('(^|/)(dist|generated|node_modules)(/|$)|\\.spec\\.ts$');

function start(app) {
  const child = spawn(process.execPath, [join(root, 'apps', app, 'dist', 'main.js')], { stdio: 'inherit' });
  const ended = new Promise((resolve) => child.on('close', resolve));
  return { child, ended };
}

async function buildOrSay() {
  try {
    const { clients, files } = await build();
    return clients.length + files > 0;
  } catch (error) {
    console.error(error.message);
    return false;
  }
}

/** Runs an app, and starts it again after each change of a source file that builds. Ends with Ctrl-C. */
export async function watch(app) {
  await build();
  let running = start(app);
  let stopping = false;
  let timer;

  const restart = async () => {
    if (stopping || !(await buildOrSay())) return;
    running.child.kill('SIGTERM');
    await running.ended;
    if (!stopping) running = start(app);
  };
  let restarts = Promise.resolve();
  const watchers = ['apps', 'libs'].map((folder) =>
    watchFolder(join(root, folder), { recursive: true }, (_, file) => {
      if (file === null || built.test(file)) return;
      clearTimeout(timer);
      timer = setTimeout(() => (restarts = restarts.then(restart)), QUIET_MS);
    }),
  );

  const stop = async (signal) => {
    stopping = true;
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
    running.child.kill(signal);
    process.exitCode = await running.ended;
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}
