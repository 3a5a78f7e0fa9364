import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll } from '@jest/globals';
import { blocksOf } from './guide.js';

// The guide's driver passes the suite as the guide says; use-it-alone.spec.ts compiles it against the packed library.
const folder = join(import.meta.dirname, 'generated');
await rm(folder, { recursive: true, force: true });
const blocks = await blocksOf('add-a-driver.md');
for (const { file, text } of blocks) {
  await mkdir(dirname(join(folder, file)), { recursive: true });
  await writeFile(join(folder, file), text);
}
const spec = blocks.find(({ file }) => file.endsWith('.spec.ts'));
await import(join(folder, spec?.file ?? 'no spec'));

afterAll(() => rm(folder, { recursive: true }));
