import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateApiTypes } from './api-types.js';
import { prisma } from './prisma.js';
import { appsWithStore, root } from './workspaces.js';

function fingerprint(app) {
  const hash = createHash('sha256');
  const folder = join(app.path, 'prisma');
  const schemas = readdirSync(folder).filter((file) => file.endsWith('.prisma'));
  for (const file of [
    ...schemas.sort().map((schema) => join(folder, schema)),
    join(app.path, 'prisma.config.ts'),
    join(root, 'node_modules', 'prisma', 'package.json'),
  ]) {
    hash.update(readFileSync(file));
  }
  return hash.digest('hex');
}

async function generateFor(app) {
  const output = join(app.path, 'src', 'generated');
  const stamp = join(output, '.fingerprint');
  const wanted = fingerprint(app);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return false;

  rmSync(output, { recursive: true, force: true });
  const { code, output: printed } = await prisma(app, ['generate', '--no-hints']);
  if (code !== 0) throw new Error(`prisma generate failed for apps/${app.name}:\n${printed.trim()}`);
  writeFileSync(stamp, wanted);
  return true;
}

/** Generates the Prisma client of every app whose schema changed, and the types of the API. Returns the names of the apps. */
export async function generate() {
  await generateApiTypes();
  const done = await Promise.all(
    appsWithStore.map(async (app) => ((await generateFor(app)) ? app.name : null)),
  );
  return done.filter((name) => name !== null);
}
