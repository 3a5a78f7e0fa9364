import { join } from 'node:path';
import { build } from './build.js';
import { run } from './test/command.js';

// Before npm packs a lib (its `prepack`): the JavaScript, and the declarations for those who compile against the package.
const [lib] = process.argv.slice(2);
await build({ quiet: true });
const { code, output } = await run('@typescript/native/bin/tsc', [
  '-b',
  join('libs', lib, 'tsconfig.package.json'),
]);
if (code !== 0) {
  console.error(output.trim());
  process.exitCode = 1;
}
