import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { apps, root } from './workspaces.js';

// Prisma's own engine is a download from outside the npm registry; this one is its WASM build, installed with the rest.
const schemaEngine = join(root, 'tools', 'schema-engine.js');

/** Runs the Prisma CLI for one app. Resolves to its exit code and, unless shown directly, what it printed. */
export function prisma(app, args, { env = {}, show = false } = {}) {
  const cli = join(root, 'node_modules', 'prisma', 'build', 'index.js');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...args], {
      cwd: app.path,
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: schemaEngine, CHECKPOINT_DISABLE: '1', ...env },
      stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

if (realpathSync(process.argv[1]) === import.meta.filename) {
  const [name, ...args] = process.argv.slice(2);
  const app = apps.find((candidate) => candidate.name === name);
  if (app === undefined) {
    console.error(
      'Usage: npm run prisma -- <app> <prisma command...>, for example: npm run prisma -- task migrate dev',
    );
    process.exit(1);
  }
  process.exitCode = (await prisma(app, args, { show: true })).code;
}
