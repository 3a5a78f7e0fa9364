import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './workspaces.js';

const configFile = join(root, '.swcrc');
const packageFile = join(root, 'node_modules', '@swc', 'core', 'package.json');

/** What made an output, besides its source: another version or other settings make it anew. Without loading the compiler. */
export function compilerVersion() {
  const { version } = JSON.parse(readFileSync(packageFile, 'utf8'));
  return `${version}\n${readFileSync(configFile, 'utf8')}`;
}

/** Of `transform` and `transformSync` for one file. */
export const compilerOptions = (filename) => ({ configFile, filename });
