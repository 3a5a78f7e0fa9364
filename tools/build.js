import { realpathSync } from 'node:fs';
import { compile } from './compile.js';
import { generate } from './generate.js';

/** Generated clients first, then JavaScript for every lib and app. Does nothing where nothing changed. */
export async function build({ quiet = false } = {}) {
  const started = performance.now();
  const clients = await generate();
  const files = await compile();
  if (!quiet && clients.length + files > 0) {
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(
      `Built ${files} files${clients.length ? `, database clients of ${clients.join(', ')}` : ''} in ${seconds} s`,
    );
  }
  return { clients, files };
}

if (realpathSync(process.argv[1]) === import.meta.filename) {
  try {
    const only = process.argv.includes('--generate-only');
    await (only ? generate() : build());
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
