import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..');

function folders(parent) {
  return readdirSync(join(root, parent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, parent, entry.name, 'package.json')))
    .map((entry) => ({ name: entry.name, path: join(root, parent, entry.name) }));
}

export const libs = folders('libs');
export const apps = folders('apps');
export const appsWithStore = apps.filter((app) => existsSync(join(app.path, 'prisma')));
