import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './workspaces.js';

const published = join(root, 'apps', 'gateway', 'published', 'openapi.v1.json');
const output = join(root, 'libs', 'client', 'src', 'generated');

/** `METHOD /path` of the writes that heed an Idempotency-Key: these may be sent again. */
function repeatable({ paths }) {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { parameters }]) => parameters.some(({ name }) => name === 'Idempotency-Key'))
      .map(([method]) => `${method.toUpperCase()} ${path}`),
  );
}

/** Types for clients of the published API. Answers whether there was something to generate. */
export async function generateApiTypes() {
  const text = readFileSync(published, 'utf8');
  const version = readFileSync(join(root, 'node_modules', 'openapi-typescript', 'package.json'));
  const wanted = createHash('sha256').update(text).update(version).digest('hex');
  const stamp = join(output, '.fingerprint');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return false;

  const { default: typesOf, astToString } = await import('openapi-typescript');
  const api = JSON.parse(text);
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  writeFileSync(join(output, 'api.ts'), astToString(await typesOf(api, { defaultNonNullable: false })));
  const list = JSON.stringify(repeatable(api), null, 2);
  writeFileSync(join(output, 'repeatable.ts'), `export const repeatable: readonly string[] = ${list};\n`);
  writeFileSync(stamp, wanted);
  return true;
}
